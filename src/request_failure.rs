//! Why a request of Lookout was not answered.
//!
//! The HTTP libraries wrap one failure in several errors. A [`Failure`] is the cause that an operator
//! can act on; the caller adds what to do.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter::successors;

use rustls::CertificateError::{
    self, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
    NotValidYetContext, UnknownIssuer,
};
use rustls::Error as Tls;

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The name of the server can't be resolved.
    NoSuchHost,
    /// The server can't be reached.
    Unreachable,
    /// Nothing listens there.
    Refused,
    /// There was no answer in time.
    TimedOut,
    /// The connection ended before the answer did.
    Closed,
    /// The certificate of the server is not accepted.
    Certificate(Certificate),
    /// The server does not speak TLS.
    NotTls,
    /// TLS fails otherwise, as rustls says.
    Tls(String),
    /// The server does not speak HTTP.
    NotHttp,
    /// The certificate authorities that the environment names cannot be read.
    NoAuthorities,
    /// Another failure, with the text of its error.
    Other(String),
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// It has expired.
    Expired,
    /// It is not valid yet, or the clock is wrong.
    NotValidYet,
    /// It is for another name.
    WrongName,
    /// No trusted authority has signed it.
    Untrusted,
    /// Anything else, as rustls says.
    Other(String),
}

impl Failure {
    /// The cause of an HTTP client's `error`.
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let causes = || successors(Some(error), |error| deeper(*error));
        if let Some(tls) = causes().find_map(|cause| cause.downcast_ref()) {
            return Self::of_tls(tls);
        }
        if causes().filter_map(|cause| cause.downcast_ref()).any(reqwest::Error::is_timeout) {
            return Self::TimedOut;
        }
        if let Some(http) = causes().find_map(|cause| cause.downcast_ref::<hyper::Error>()) {
            if http.is_parse() {
                return Self::NotHttp;
            }
            if http.is_incomplete_message() || http.is_canceled() || http.is_closed() {
                return Self::Closed;
            }
        }
        // The resolver's own error has no kind.
        if causes().any(|cause| cause.to_string().starts_with("dns error")) {
            return Self::NoSuchHost;
        }
        let system = causes().filter_map(|cause| cause.downcast_ref::<io::Error>()).last();
        // The request's own error contains the URL, which may be a secret.
        let innermost = causes().filter(|cause| !cause.is::<reqwest::Error>()).last();
        let text = innermost.map_or_else(|| "the request failed".to_owned(), ToString::to_string);
        match system.map(io::Error::kind) {
            Some(ErrorKind::ConnectionRefused) => Self::Refused,
            Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => Self::Unreachable,
            Some(ErrorKind::TimedOut) => Self::TimedOut,
            Some(
                ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof,
            ) => Self::Closed,
            _ => Self::Other(text),
        }
    }

    /// Explains why there was no response and what to do, without the URL.
    pub fn explanation(&self) -> String {
        let text = match self {
            Self::Certificate(fault) => return fault.explanation(),
            Self::Tls(text) => return format!("TLS fails: {text}"),
            Self::Other(text) => return format!("there was no answer: {text}"),
            Self::NoSuchHost => {
                "its name cannot be looked up; is the address right, and does this machine's DNS work?"
            }
            Self::Unreachable => "there is no route to it; does this machine's network work?",
            Self::Refused => "nothing listens there; is the address right, and the server up?",
            Self::TimedOut => "no answer in time; is the server up, or a firewall in between?",
            Self::Closed => "the connection was closed before the answer came",
            Self::NotTls => "it does not speak TLS; is it `http://`, or another port?",
            Self::NotHttp => "it does not answer in HTTP; is it `https://`, or another port?",
            Self::NoAuthorities => {
                "the certificates of authorities in `SSL_CERT_FILE` or `SSL_CERT_DIR` cannot be read; \
             correct that, and restart Lookout"
            }
        };
        text.to_owned()
    }

    fn of_tls(error: &Tls) -> Self {
        match error {
            Tls::InvalidCertificate(fault) => Self::Certificate(Certificate::of(fault)),
            Tls::InvalidMessage(_) => Self::NotTls,
            Tls::General(text) if text.contains("No CA certificates") => Self::NoAuthorities,
            other => Self::Tls(other.to_string()),
        }
    }
}

impl Certificate {
    fn of(fault: &CertificateError) -> Self {
        match fault {
            Expired | ExpiredContext { .. } => Self::Expired,
            NotValidYet | NotValidYetContext { .. } => Self::NotValidYet,
            NotValidForName | NotValidForNameContext { .. } => Self::WrongName,
            UnknownIssuer => Self::Untrusted,
            other => Self::Other(other.to_string()),
        }
    }

    fn explanation(&self) -> String {
        let text = match self {
            Self::Other(text) => return format!("its certificate is not in order: {text}"),
            Self::Expired => {
                "its certificate has expired; have it renewed, or set this machine's clock"
            }
            Self::NotValidYet => "its certificate is not valid yet; is this machine's clock right?",
            Self::WrongName => {
                "its certificate is for another name; correct the address, or have one made for it"
            }
            Self::Untrusted => {
                "this machine does not trust the authority of its certificate; add the authority with \
             `update-ca-certificates` and restart Lookout, or have the server send the whole chain"
            }
        };
        text.to_owned()
    }
}

/// The next cause of `error`, which for an [`io::Error`] is the error that it wraps.
fn deeper<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_named_however_deep_the_error_lies() {
        use CertificateError::BadSignature;
        #[rustfmt::skip]
        let cases = [
            // what is special     error            found
            ("too old",            Expired,         Certificate::Expired),
            ("too new",            NotValidYet,     Certificate::NotValidYet),
            ("another name",       NotValidForName, Certificate::WrongName),
            ("signed by itself",   UnknownIssuer,   Certificate::Untrusted),
            ("anything else",      BadSignature,    Certificate::Other(BadSignature.to_string())),
        ];
        for (what, error, found) in cases {
            let wrapped = io::Error::other(io::Error::other(Tls::InvalidCertificate(error)));
            assert_eq!(Failure::of(&wrapped), Failure::Certificate(found), "{what}");
        }
    }

    #[test]
    fn what_the_system_says_is_told_apart() {
        use ErrorKind::{BrokenPipe, ConnectionRefused, NetworkUnreachable, PermissionDenied};
        #[rustfmt::skip]
        let cases = [
            // kind              found
            (ConnectionRefused,  Failure::Refused),
            (NetworkUnreachable, Failure::Unreachable),
            (BrokenPipe,         Failure::Closed),
            (PermissionDenied,   Failure::Other("permission denied".to_owned())),
        ];
        for (kind, found) in cases {
            assert_eq!(Failure::of(&io::Error::other(io::Error::from(kind))), found);
        }
    }
}
