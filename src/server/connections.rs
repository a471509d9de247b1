//! Who holds the connections, and who has to go when there are too many.
//!
//! A connection is busy from the end of a request's head until its answer begins, else idle. At
//! the cap, the one that is idle for the longest time makes room: a client that keeps its
//! connections alive must not keep Zoom out.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How much clients may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// At most so many connections are open at once; more wait in the backlog.
    pub(super) connections: usize,
    /// So many of them from one network, unless it is trusted.
    pub(super) from_one_network: usize,
    /// Of whom no number is too many: a reverse proxy brings everybody's connections.
    pub(super) is_trusted: fn(IpAddr) -> bool,
    /// Bytes of unfinished heads beyond [`FREE_HEAD`] of each, for all connections together.
    pub(super) heads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            from_one_network: 4_096,
            is_trusted: |address| address.is_loopback(),
            heads: 32 << 20,
        }
    }
}

/// So many bytes of a head are free: hyper's buffer has them anyway, and Zoom's heads have 1 KiB.
const FREE_HEAD: usize = 8 << 10;

/// All connections of a server.
#[derive(Debug)]
pub(super) struct Connections {
    limits: Limits,
    inner: Mutex<Inner>,
    heads: AtomicUsize,
}

#[derive(Debug, Default)]
struct Inner {
    /// Idle connections, the one that is idle for the longest time first.
    idle: BTreeMap<u64, Arc<Notify>>,
    /// The next key of `idle`.
    next: u64,
    networks: HashMap<IpAddr, usize>,
}

/// A connection, counted until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    all: Arc<Connections>,
    network: Option<IpAddr>,
    evicted: Arc<Notify>,
    idle: Mutex<Option<u64>>,
    head: AtomicUsize,
}

/// A request under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Busy(Arc<Place>);

impl Connections {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, inner: Mutex::default(), heads: AtomicUsize::new(0) })
    }

    /// A place for a connection from `address`; `None` if its network has too many.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Arc<Place>> {
        let network = (!(self.limits.is_trusted)(address.to_canonical())).then(|| network(address));
        if let Some(network) = network {
            let mut inner = self.lock();
            let count = inner.networks.entry(network).or_default();
            if *count >= self.limits.from_one_network {
                return None;
            }
            *count += 1;
        }
        let place = Place {
            all: Arc::clone(self),
            network,
            evicted: Arc::default(),
            idle: Mutex::default(),
            head: AtomicUsize::new(0),
        };
        place.rest();
        Some(Arc::new(place))
    }

    /// Closes the connection that is idle for the longest time, if there is any.
    pub(super) fn evict(&self) {
        if let Some((_, evicted)) = self.lock().idle.pop_first() {
            evicted.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_head(&self, bytes: usize) -> bool {
        let more = |taken: usize| Some(taken + bytes).filter(|sum| *sum <= self.limits.heads);
        self.heads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

impl Place {
    /// Waits until the connection has to make room.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Marks a request as under way.
    pub(super) fn work(self: &Arc<Self>) -> Busy {
        self.unrest();
        Busy(Arc::clone(self))
    }

    /// Counts `bytes` that were read; whether they may be kept.
    pub(super) fn read(&self, bytes: usize) -> bool {
        if self.own_idle().is_none() {
            // Those of a body are counted by who reads it.
            return true;
        }
        let before = self.head.fetch_add(bytes, Ordering::Relaxed);
        let (before, after) = (before.max(FREE_HEAD), (before + bytes).max(FREE_HEAD));
        let is_granted = self.all.take_head(after - before);
        if !is_granted {
            self.head.fetch_sub(bytes, Ordering::Relaxed);
        }
        is_granted
    }

    fn rest(&self) {
        let mut inner = self.all.lock();
        let key = inner.next;
        inner.next += 1;
        inner.idle.insert(key, Arc::clone(&self.evicted));
        *self.own_idle() = Some(key);
    }

    fn unrest(&self) {
        let key = self.own_idle().take();
        if let Some(key) = key {
            self.all.lock().idle.remove(&key);
        }
    }

    fn forget_head(&self) {
        let taken = self.head.swap(0, Ordering::Relaxed).saturating_sub(FREE_HEAD);
        self.all.heads.fetch_sub(taken, Ordering::Relaxed);
    }

    fn own_idle(&self) -> MutexGuard<'_, Option<u64>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.forget_head();
        self.0.rest();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.unrest();
        self.forget_head();
        let Some(network) = self.network else { return };
        let mut inner = self.all.lock();
        if let Some(count) = inner.networks.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                inner.networks.remove(&network);
            }
        }
    }
}

/// Whom `address` belongs to: an IPv4 address, or the 64 bits that a customer gets of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let upper_half = address.to_bits() >> 64 << 64;
            Ipv6Addr::from_bits(upper_half).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_network_is_an_address_or_the_upper_half_of_one() {
        #[rustfmt::skip]
        let cases = [
            // what is special       address                network
            ("IPv4",                 "192.0.2.7",           "192.0.2.7"),
            ("IPv4 in IPv6",         "::ffff:192.0.2.7",    "192.0.2.7"),
            ("IPv6",                 "2001:db8:1:2:3::4",   "2001:db8:1:2::"),
        ];
        for (what, address, expected) in cases {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(network(address).to_string(), expected, "{what}");
        }
    }

    #[test]
    fn whoever_is_idle_for_the_longest_time_makes_room() {
        let all = Connections::new(Limits::default());
        let admit = || all.admit("192.0.2.7".parse().expect("an address")).expect("room");
        let places = [admit(), admit(), admit(), admit()];
        // The first works, and the second has just been answered.
        let busy = places[0].work();
        drop(places[1].work());
        let mut evicted = Vec::new();
        for _ in 0..4 {
            all.evict();
            let told = |place: &Arc<Place>| place.evicted().now_or_never().is_some();
            evicted.extend(places.iter().position(told));
        }
        assert_eq!(evicted, [2, 3, 1], "the busy one stays");
        drop(busy);
        all.evict();
        assert!(places[0].evicted().now_or_never().is_some(), "until it is idle");
    }

    #[test]
    fn heads_share_a_budget_that_is_given_back() {
        let limits = Limits { heads: 1000, ..Limits::default() };
        let all = Connections::new(limits);
        let admit = || all.admit("192.0.2.7".parse().expect("an address")).expect("room");
        let (a, b) = (admit(), admit());
        assert!(a.read(FREE_HEAD) && a.read(900), "most of it");
        assert!(b.read(FREE_HEAD), "what is free takes nothing");
        assert!(!b.read(101), "no more than there is");
        assert!(b.read(100));
        drop(b);
        assert!(a.read(100), "a closed connection gives its share back");
        let busy = a.work();
        assert!(a.read(5000), "a body is no head");
        drop(busy);
        assert_eq!(all.heads.load(Ordering::Relaxed), 0, "an answer gives it back");
        drop(a);
        assert!(all.lock().idle.is_empty() && all.lock().networks.is_empty());
    }
}
