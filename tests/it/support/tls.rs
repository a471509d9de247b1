//! Servers that speak TLS, with certificates of every fault by an authority of the tests.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command};

use super::lookout::until;

/// The settings of an authority that signs whatever it is asked to, for the name in the environment.
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

/// Makes an authority: its certificate is `ca.pem`.
pub fn make_authority(dir: &Path) {
    fs::write(dir.join("ca.cnf"), AUTHORITY).expect("written");
    fs::write(dir.join("index.txt"), "").expect("written");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(
        dir,
        "",
        &format!("req -x509 {key} -days 2 -subj /CN=Authority -keyout ca.key -out ca.pem"),
    );
}

/// Makes a certificate `FILE.pem` of that authority, good from `start` until `end`.
pub fn sign(dir: &Path, file: &str, name: &str, start: &str, end: &str) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(dir, name, &format!("req {key} -subj /CN={name} -keyout {file}.key -out {file}.csr"));
    openssl(
        dir,
        name,
        &format!(
            "ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -create_serial -startdate {start} -enddate {end} -in {file}.csr -out {file}.pem"
        ),
    );
}

/// An nginx that serves each of `sites` with its certificate, and passes all on to `upstream`.
pub struct TlsFront(Child);

impl TlsFront {
    /// Starts it with files in `dir`, and waits until it listens.
    pub fn start(dir: &Path, sites: &[(&str, SocketAddr)], upstream: &str) -> Self {
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

impl Drop for TlsFront {
    fn drop(&mut self) {
        // The master ends its workers when it is asked to end itself.
        drop(Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status());
        drop(self.0.wait());
    }
}
