//! What a process asked the kernel for, in order: the output of `strace -f -xx`.

use std::collections::HashMap;

/// What `strace` is to write down, for [`steps`] to read.
pub const CALLS: &str = "openat,close,accept4,mkdir,ftruncate,unlink,rename,pwrite64,write,writev,\
     sendto,read,readv,recvfrom,fsync,fdatasync";

/// A call, as far as it got.
#[derive(Debug)]
pub struct Step {
    pub process: u32,
    /// Such as `fsync`.
    pub call: String,
    /// All of it as it is written, from the parenthesis on.
    text: String,
    /// What it returned; `None` where it only begins.
    pub result: Option<i64>,
}

impl Step {
    /// The descriptor that it is about: its first argument.
    pub fn descriptor(&self) -> i64 {
        let number = self.text.split([',', ')', ' ']).next();
        number.and_then(|number| number.parse().ok()).unwrap_or(-1)
    }

    /// All bytes in it, one text after the other.
    pub fn bytes(&self) -> Vec<u8> {
        // Every byte is written as `\x` and two digits, so there is no quote within quotes.
        let quoted = self.text.split('"').skip(1).step_by(2);
        quoted.flat_map(|text| hex::decode(text.replace("\\x", "")).expect("hexadecimal")).collect()
    }

    /// Its last argument, a number.
    pub fn last_number(&self) -> u64 {
        let arguments = self.text.rsplit_once(')').map_or(&*self.text, |(arguments, _)| arguments);
        let number = arguments.rsplit(", ").next().expect("a text has an end");
        number.parse().unwrap_or_else(|_| panic!("no number at the end of {arguments:.100}"))
    }

    /// Whether `flag` is among its arguments.
    pub fn has(&self, flag: &str) -> bool {
        self.text.contains(flag)
    }
}

/// The beginning and the end of each call, in the order in which they happened. Calls of
/// several threads run into each other, and `strace` then writes the two halves of one apart.
pub fn steps(trace: &str) -> Vec<Step> {
    let mut halves: HashMap<u32, (String, String)> = HashMap::new();
    let mut steps = Vec::new();
    for line in trace.lines() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let (process, rest) = (process.parse().expect("a process"), rest.trim_start());
        let (call, text) = match rest.strip_prefix("<... ") {
            Some(resumed) => {
                let (call, text) = resumed.split_once(" resumed>").expect("it goes on");
                let (begun, first) = halves.remove(&process).expect("it began");
                assert_eq!(begun, call);
                (begun, first + text)
            }
            // An exit or a signal.
            None if rest.starts_with(['+', '-']) => continue,
            None => {
                let (call, text) = rest.split_once('(').expect("a call has arguments");
                let text = text.trim_end_matches(" <unfinished ...>").to_owned();
                let step = Step { process, call: call.to_owned(), text, result: None };
                let begun = (step.call.clone(), step.text.clone());
                steps.push(step);
                if rest.ends_with(" <unfinished ...>") {
                    halves.insert(process, begun);
                    continue;
                }
                begun
            }
        };
        let result = result(&text);
        steps.push(Step { process, call, text, result: Some(result) });
    }
    steps
}

/// What stands behind the `=`; -1 for a failure, and for what never returned.
fn result(text: &str) -> i64 {
    let after = text.rsplit_once(" = ").map_or("", |(_, after)| after);
    after.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(-1)
}

#[test]
fn halves_that_are_written_apart_belong_together() {
    let trace = "\
7 openat(AT_FDCWD, \"\\x61\\x2f\\x62\", O_RDWR|O_CREAT, 0600) = 9
7 pwrite64(9, \"\\x00\\x41\", 2, 4096 <unfinished ...>
8 recvfrom(20 <unfinished ...>
7 <... pwrite64 resumed>)                = 2
8 <... recvfrom resumed>, \"\\x50\", 8192, 0, NULL, NULL) = 1
7 fdatasync(9)                           = -1 EIO (Input/output error) (INJECTED)
8 +++ exited with 0 +++
";
    let told: Vec<_> = steps(trace)
        .iter()
        .map(|step| (step.call.clone(), step.descriptor(), step.bytes(), step.result))
        .collect();
    let path = b"a/b".to_vec();
    #[rustfmt::skip]
    let expected = [
        // call       descriptor  bytes              result
        ("openat",    -1,         path.clone(),      None),
        ("openat",    -1,         path,              Some(9)),
        ("pwrite64",  9,          vec![0, b'A'],     None),
        ("recvfrom",  20,         vec![],            None),
        ("pwrite64",  9,          vec![0, b'A'],     Some(2)),
        ("recvfrom",  20,         vec![b'P'],        Some(1)),
        ("fdatasync", 9,          vec![],            None),
        ("fdatasync", 9,          vec![],            Some(-1)),
    ];
    let expected: Vec<_> =
        expected.map(|(call, of, bytes, result)| (call.to_owned(), of, bytes, result)).into();
    assert_eq!(told, expected);
    assert_eq!(steps(trace)[4].last_number(), 4096);
}
