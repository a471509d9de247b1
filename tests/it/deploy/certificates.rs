//! What `check` says of the certificate that Zoom would see: a real nginx with each fault.

use tempfile::TempDir;

use crate::support::Lookout;
use crate::support::nginx::{free_address, make_certificate};
use crate::support::tls::{TlsFront, make_authority, sign};

#[test]
fn what_is_wrong_with_a_certificate_is_said_with_what_to_do() {
    let dir = TempDir::new().expect("a temporary directory");
    make_authority(dir.path());
    sign(dir.path(), "good", "localhost", "20200101000000Z", "20491231000000Z");
    sign(dir.path(), "old", "localhost", "20200101000000Z", "20200201000000Z");
    sign(dir.path(), "other", "other.example", "20200101000000Z", "20491231000000Z");
    make_certificate(dir.path(), "localhost");
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.keep_address();
    #[rustfmt::skip]
    let cases = [
        // what is special     certificate   line
        ("in order",           "good",       "✓ webhook   https://localhost:PORT/webhooks/zoom answers Zoom's challenge"),
        ("too old",            "old",        "✗ webhook   https://localhost:PORT/webhooks/zoom cannot be reached: its certificate has expired; renew it"),
        ("for another name",   "other",      "✗ webhook   https://localhost:PORT/webhooks/zoom cannot be reached: its certificate is for another name; get one for this name"),
        ("signed by itself",   "localhost",  "✗ webhook   https://localhost:PORT/webhooks/zoom cannot be reached: its certificate comes from an issuer that this machine does not trust, and neither will Zoom; get one from Let's Encrypt, for example, and serve the whole chain"),
    ];
    let sites = cases.map(|(_, file, _)| (file, free_address()));
    let _nginx = TlsFront::start(dir.path(), &sites, &lookout.public().to_string());
    for ((what, _, expected), (_, address)) in cases.into_iter().zip(sites) {
        let port = address.port().to_string();
        let mut check = lookout.command(&["check"]);
        check.env("LOOKOUT_SITE__BASE_URL", format!("https://localhost:{port}"));
        let output = check.env("SSL_CERT_FILE", dir.path().join("ca.pem")).output();
        let said = String::from_utf8(output.expect("it starts").stdout).expect("UTF-8");
        let line = said.lines().find(|line| line.contains(" webhook ")).unwrap_or(&said);
        assert_eq!(line.replace(&port, "PORT"), expected, "{what}");
    }
}
