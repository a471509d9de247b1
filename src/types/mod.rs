//! Types that every layer shares, from [`zoom`](crate::zoom) and [`config`](crate::config) upwards.
//!
//! This module depends on no other.

pub mod name;
pub mod secret;

pub use name::Name;
pub use secret::Secret;
