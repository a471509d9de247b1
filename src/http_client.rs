//! HTTP clients: for chats, Zoom's API, `check`, and simulated deliveries.
//!
//! They ignore proxies in the environment and follow no redirects. They trust the authorities of this
//! system. Where it has none, as an empty container, they trust Mozilla's, which are in the program.

use std::sync::Arc;

use reqwest::{Client, ClientBuilder, redirect};
use rustls::{ClientConfig, RootCertStore};

/// Starts a client for the server of `url`.
pub fn builder(url: &str) -> ClientBuilder {
    // Fails only if a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().redirect(redirect::Policy::none()).no_proxy();
    if url.starts_with("http://") {
        // It needs no authorities, and reading the system's takes time.
        builder.tls_certs_only([])
    } else if system_names_authorities() {
        builder
    } else {
        builder.tls_backend_preconfigured(trusting_built_in_authorities())
    }
}

/// Whether the system, or the environment (`SSL_CERT_FILE`), names authorities. If they can't be read,
/// that is an error to report, no reason to trust others.
fn system_names_authorities() -> bool {
    let system = rustls_native_certs::load_native_certs();
    !system.certs.is_empty() || !system.errors.is_empty()
}

fn trusting_built_in_authorities() -> ClientConfig {
    let authorities = webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
    let authorities = Arc::new(RootCertStore::from_iter(authorities));
    ClientConfig::builder().with_root_certificates(authorities).with_no_client_auth()
}
