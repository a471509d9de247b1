//! The open connections, and which of them to close when there are too many.
//!
//! A connection is busy from the end of a request's head until its answer begins; otherwise it is
//! idle. At the cap, the connection that has been idle longest is evicted, so that a client with
//! many keep-alive connections can't keep Zoom out.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Limits of what clients may use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Connections open at once; more wait in the backlog.
    pub(super) connections: usize,
    /// Connections from one network, unless it is trusted.
    pub(super) from_one_network: usize,
    /// Addresses without a limit: a reverse proxy carries the connections of all clients.
    pub(super) is_trusted: fn(IpAddr) -> bool,
    /// Bytes of unfinished heads of all connections together, beyond [`FREE_HEAD_BYTES`] of each.
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

/// Bytes of each head that do not count: hyper allocates them anyway, and Zoom's heads have 1 KiB.
const FREE_HEAD_BYTES: usize = 8 << 10;

/// All connections of a server.
#[derive(Debug)]
pub(super) struct Connections {
    limits: Limits,
    inner: Mutex<Inner>,
    heads: AtomicUsize,
}

#[derive(Debug, Default)]
struct Inner {
    /// Idle connections, the longest idle first.
    idle: BTreeMap<u64, Arc<Notify>>,
    /// The next key of `idle`.
    next: u64,
    networks: HashMap<IpAddr, usize>,
}

/// A connection, counted until it is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    all: Arc<Connections>,
    network: Option<IpAddr>,
    evicted: Arc<Notify>,
    idle: Mutex<Option<u64>>,
    head: AtomicUsize,
}

/// A request in flight, until it is dropped.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Connection>);

impl Connections {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, inner: Mutex::default(), heads: AtomicUsize::new(0) })
    }

    /// Counts a connection from `address`; `None` if its network has too many.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Arc<Connection>> {
        let network = (!(self.limits.is_trusted)(address.to_canonical())).then(|| network(address));
        if let Some(network) = network {
            let mut inner = self.lock();
            let count = inner.networks.entry(network).or_default();
            if *count >= self.limits.from_one_network {
                return None;
            }
            *count += 1;
        }
        let connection = Connection {
            all: Arc::clone(self),
            network,
            evicted: Arc::default(),
            idle: Mutex::default(),
            head: AtomicUsize::new(0),
        };
        connection.set_idle();
        Some(Arc::new(connection))
    }

    /// Closes the connection that has been idle longest, if any is idle.
    pub(super) fn evict(&self) {
        if let Some((_, evicted)) = self.lock().idle.pop_first() {
            evicted.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserve_head(&self, bytes: usize) -> bool {
        let more = |taken: usize| Some(taken + bytes).filter(|sum| *sum <= self.limits.heads);
        self.heads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

impl Connection {
    /// Waits until the connection is evicted.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Marks a request as in flight.
    pub(super) fn begin_request(self: &Arc<Self>) -> InFlight {
        self.set_busy();
        InFlight(Arc::clone(self))
    }

    /// Counts `bytes` that were read; returns whether the limit allows them.
    pub(super) fn count_read(&self, bytes: usize) -> bool {
        if self.idle_key().is_none() {
            // The reader of a body counts its bytes.
            return true;
        }
        let before = self.head.fetch_add(bytes, Ordering::Relaxed);
        let (before, after) = (before.max(FREE_HEAD_BYTES), (before + bytes).max(FREE_HEAD_BYTES));
        let is_granted = self.all.reserve_head(after - before);
        if !is_granted {
            self.head.fetch_sub(bytes, Ordering::Relaxed);
        }
        is_granted
    }

    fn set_idle(&self) {
        let mut inner = self.all.lock();
        let key = inner.next;
        inner.next += 1;
        inner.idle.insert(key, Arc::clone(&self.evicted));
        *self.idle_key() = Some(key);
    }

    fn set_busy(&self) {
        let key = self.idle_key().take();
        if let Some(key) = key {
            self.all.lock().idle.remove(&key);
        }
    }

    fn release_head(&self) {
        let taken = self.head.swap(0, Ordering::Relaxed).saturating_sub(FREE_HEAD_BYTES);
        self.all.heads.fetch_sub(taken, Ordering::Relaxed);
    }

    fn idle_key(&self) -> MutexGuard<'_, Option<u64>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.release_head();
        self.0.set_idle();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.set_busy();
        self.release_head();
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

/// The network of a client: its IPv4 address, or the first 64 bits of its IPv6 address.
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
    fn the_longest_idle_connection_is_evicted() {
        let all = Connections::new(Limits::default());
        let admit = || all.admit("192.0.2.7".parse().expect("an address")).expect("room");
        let connections = [admit(), admit(), admit(), admit()];
        // The first works, and the second has just been answered.
        let busy = connections[0].begin_request();
        drop(connections[1].begin_request());
        let mut evicted = Vec::new();
        for _ in 0..4 {
            all.evict();
            let is_evicted =
                |connection: &Arc<Connection>| connection.evicted().now_or_never().is_some();
            evicted.extend(connections.iter().position(is_evicted));
        }
        assert_eq!(evicted, [2, 3, 1], "the busy one stays");
        drop(busy);
        all.evict();
        assert!(connections[0].evicted().now_or_never().is_some(), "until it is idle");
    }

    #[test]
    fn heads_share_a_budget_that_is_given_back() {
        let limits = Limits { heads: 1000, ..Limits::default() };
        let all = Connections::new(limits);
        let admit = || all.admit("192.0.2.7".parse().expect("an address")).expect("room");
        let (a, b) = (admit(), admit());
        assert!(a.count_read(FREE_HEAD_BYTES) && a.count_read(900), "most of it");
        assert!(b.count_read(FREE_HEAD_BYTES), "what is free takes nothing");
        assert!(!b.count_read(101), "no more than there is");
        assert!(b.count_read(100));
        drop(b);
        assert!(a.count_read(100), "a closed connection gives its share back");
        let busy = a.begin_request();
        assert!(a.count_read(5000), "a body is no head");
        drop(busy);
        assert_eq!(all.heads.load(Ordering::Relaxed), 0, "an answer gives it back");
        drop(a);
        assert!(all.lock().idle.is_empty() && all.lock().networks.is_empty());
    }
}
