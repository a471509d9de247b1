//! Sums how much time visits spend in each of several consecutive spans, such as days or hours.

use crate::time::moment::Moment;

/// Sums seconds per span. The cost of a visit does not grow with its length.
pub(super) struct Tally<'a> {
    /// The start of each span in order, and the end of the last one.
    edges: &'a [Moment],
    /// Seconds in spans that a visit covers in part.
    parts: Vec<i64>,
    /// For each span, by how much the number of visits that cover it wholly differs from the span
    /// before.
    whole: Vec<i64>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(edges: &'a [Moment]) -> Self {
        Self { edges, parts: vec![0; edges.len()], whole: vec![0; edges.len()] }
    }

    /// Adds a visit from `from` to `to`, as far as it lies within the spans.
    pub(super) fn add(&mut self, from: Moment, to: Moment) {
        let (Some(&begin), Some(&end)) = (self.edges.first(), self.edges.last()) else { return };
        let (from, to) = (from.max(begin), to.min(end));
        if from >= to {
            return;
        }
        let first = self.edges.partition_point(|&edge| edge <= from) - 1;
        let last = self.edges.partition_point(|&edge| edge < to) - 1;
        if first == last {
            self.parts[first] += to.since(from);
        } else {
            self.parts[first] += self.edges[first + 1].since(from);
            self.parts[last] += to.since(self.edges[last]);
            self.whole[first + 1] += 1;
            self.whole[last] -= 1;
        }
    }

    /// The seconds of each span.
    pub(super) fn seconds(&self) -> Vec<i64> {
        let mut open = 0;
        let spans = self.edges.windows(2).zip(self.parts.iter().zip(&self.whole));
        spans
            .map(|(edges, (part, change))| {
                open += change;
                part + open * edges[1].since(edges[0])
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moments(seconds: &[i64]) -> Vec<Moment> {
        seconds.iter().map(|&seconds| Moment::from_seconds(seconds)).collect()
    }

    #[test]
    fn a_visit_is_counted_where_it_lies() {
        let edges = moments(&[0, 10, 20, 40]);
        #[rustfmt::skip]
        let cases = [
            // what is special         from  to   seconds
            ("within one span",        2,    5,   [3, 0, 0]),
            ("a whole span",           10,   20,  [0, 10, 0]),
            ("across an edge",         8,    13,  [2, 3, 0]),
            ("across a whole span",    9,    21,  [1, 10, 1]),
            ("longer than all",        -5,   99,  [10, 10, 20]),
            ("before all",             -5,   0,   [0, 0, 0]),
            ("after all",              40,   50,  [0, 0, 0]),
            ("no time at all",         10,   10,  [0, 0, 0]),
        ];
        for (what, from, to, expected) in cases {
            let mut tally = Tally::new(&edges);
            tally.add(Moment::from_seconds(from), Moment::from_seconds(to));
            assert_eq!(tally.seconds(), expected, "{what}");
        }
    }

    proptest! {
        #[test]
        fn it_counts_as_one_would_by_hand(
            steps in proptest::collection::vec(0..50_i64, 1..8),
            visits in proptest::collection::vec((-20..250_i64, -20..250_i64), 0..12),
        ) {
            let mut edges = vec![0];
            edges.extend(steps.iter().scan(0, |at, step| { *at += step; Some(*at) }));
            let moments = moments(&edges);
            let mut tally = Tally::new(&moments);
            for &(from, to) in &visits {
                tally.add(Moment::from_seconds(from), Moment::from_seconds(to));
            }
            let by_hand = |span: &[i64]| {
                let inside = |at: &i64| visits.iter().filter(|(from, to)| from <= at && at < to).count();
                (span[0]..span[1]).map(|at| inside(&at) as i64).sum::<i64>()
            };
            prop_assert_eq!(tally.seconds(), edges.windows(2).map(by_hand).collect::<Vec<_>>());
        }
    }
}
