//! What `check` says of the certificate that Zoom would see: a real nginx with each fault.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::nginx::{free_address, make_certificate};

/// Of an authority that signs whatever it is asked to, for the name in the environment.
const AUTHORITY: &str = "[ca]\ndefault_ca = here\n[here]\ndatabase = index.txt\nnew_certs_dir = .\n\
    serial = serial\nunique_subject = no\ndefault_md = sha256\npolicy = any\nx509_extensions = leaf\n[any]\ncommonName = supplied\n\
    [leaf]\nsubjectAltName = DNS:${ENV::NAME}\nbasicConstraints = critical, CA:FALSE\n";

#[track_caller]
fn openssl(dir: &Path, name: &str, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split_whitespace()).current_dir(dir).env("NAME", name);
    let made = command.output().expect("openssl is installed");
    assert!(made.status.success(), "{arguments}: {}", String::from_utf8_lossy(&made.stderr));
}

fn make_authority(dir: &Path) {
    fs::write(dir.join("ca.cnf"), AUTHORITY).expect("written");
    fs::write(dir.join("index.txt"), "").expect("written");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(
        dir,
        "",
        &format!("req -x509 {key} -days 2 -subj /CN=Authority -keyout ca.key -out ca.pem"),
    );
}

/// A certificate `NAME.pem` of that authority, good until `end`.
fn sign(dir: &Path, file: &str, name: &str, end: &str) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(dir, name, &format!("req {key} -subj /CN={name} -keyout {file}.key -out {file}.csr"));
    openssl(
        dir,
        name,
        &format!(
            "ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -create_serial -startdate 20200101000000Z -enddate {end} -in {file}.csr -out {file}.pem"
        ),
    );
}

/// An nginx that serves each of `sites` with its certificate, and passes all on to `upstream`.
struct Nginx(Child);

impl Nginx {
    fn start(dir: &Path, sites: &[(&str, std::net::SocketAddr)], upstream: &str) -> Self {
        let mut servers = String::new();
        for (file, address) in sites {
            writeln!(
                servers,
                "server {{ listen {address} ssl; ssl_certificate {file}.pem; ssl_certificate_key {file}.key; \
                 location / {{ proxy_pass http://{upstream}; }} }}"
            )
            .expect("written");
        }
        let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {};", dir.join(what).display()));
        let text = format!(
            "{user} daemon off; pid {}; error_log stderr; events {{}} http {{ access_log off; {} {servers} }}",
            dir.join("nginx.pid").display(),
            temporary.concat()
        );
        fs::write(dir.join("nginx.conf"), text).expect("written");
        let mut command = Command::new("/usr/sbin/nginx");
        command.args(["-e", "stderr", "-p"]).arg(dir).arg("-c").arg(dir.join("nginx.conf"));
        let nginx = Self(command.spawn().expect("nginx is installed"));
        assert!(until(|| sites.iter().all(|(_, at)| TcpStream::connect(at).is_ok())), "it listens");
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers when it is asked to end itself.
        drop(Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status());
        drop(self.0.wait());
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_with_what_to_do() {
    let dir = TempDir::new().expect("a temporary directory");
    make_authority(dir.path());
    sign(dir.path(), "good", "localhost", "20491231000000Z");
    sign(dir.path(), "old", "localhost", "20200201000000Z");
    sign(dir.path(), "other", "other.example", "20491231000000Z");
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
        ("signed by itself",   "localhost",  "✗ webhook   https://localhost:PORT/webhooks/zoom cannot be reached: its certificate comes from nobody whom this machine trusts, as Zoom will not; get one from Let's Encrypt, say, and serve the whole chain"),
    ];
    let sites = cases.map(|(_, file, _)| (file, free_address()));
    let _nginx = Nginx::start(dir.path(), &sites, &lookout.public().to_string());
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
