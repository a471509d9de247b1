//! What the tests share: a real `lookout` in a directory of its own, and a bare HTTP client.

pub mod caddy;
pub mod chat;
pub mod hostile;
pub mod http;
pub mod log;
pub mod lookout;
pub mod mongod;
pub mod nginx;
pub mod old;
pub mod power;
pub mod proxy;
pub mod replay;
pub mod stored;
pub mod systemd;
pub mod tls;
pub mod zoom_api;

pub use http::{Reply, Request};
pub use lookout::{Lookout, SECRET};
