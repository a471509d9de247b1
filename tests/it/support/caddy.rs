//! A real Caddy with the file that `lookout print caddy` prints, on ports of its own, with an authority of
//! its own, before the same stand-in for GitHub Pages as nginx.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::http::{Reply, Request};
use super::lookout::until;
use super::nginx::{Closing, HOST, Nginx, PAGES, connect_tls, free_address};

/// A running Caddy, which ends with the test.
pub struct Caddy {
    dir: TempDir,
    pub https: SocketAddr,
    pub http: SocketAddr,
    child: Child,
}

impl Caddy {
    /// Runs `printed`, which `lookout print caddy` made for [`HOST`] and [`PAGES`]. Nothing in it is changed
    /// but ports, who signs certificates, and the address of Pages, which are those of `nginx`.
    #[track_caller]
    pub fn start(printed: &str, nginx: &Nginx) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let [http, https] = [(); 2].map(|()| free_address());
        let file = dir.path().join("Caddyfile");
        fs::write(&file, printed).expect("written");
        expect_formatted(&file);
        fs::write(&file, adapted(printed, http, https, nginx.pages)).expect("written");
        let mut caddy = Command::new("caddy");
        caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
        for (name, path) in
            [("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("HOME", "home")]
        {
            caddy.env(name, dir.path().join(path));
        }
        caddy.env("SSL_CERT_FILE", nginx.dir.path().join("trusted.pem"));
        let log = fs::File::create(dir.path().join("log")).expect("created");
        let child = caddy.stdout(Stdio::null()).stderr(Stdio::from(log)).spawn();
        let child = child.expect("caddy is installed; `tests/run.sh` does it");
        let caddy = Self { dir, https, http, child };
        // With a certificate of its own authority, Caddy listens before it has one.
        let has_own = printed.contains("http://lounge") || printed.contains("\ttls ");
        let answers = || match has_own {
            true => [http, https].iter().any(|port| TcpStream::connect(port).is_ok()),
            false => caddy.try_send(&Request::get("/lookout/")).is_some(),
        };
        assert!(until(answers), "Caddy does not answer: {}", caddy.log());
        caddy
    }

    /// Sends `request` by TLS, with the certificate verified, and reads the reply.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Reply {
        self.try_send(request).unwrap_or_else(|| panic!("no answer: {}", self.log()))
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.send(&Request::get(path))
    }

    fn try_send(&self, request: &Request) -> Option<Reply> {
        let root = self.root();
        if !root.exists() {
            return None;
        }
        request.exchange(Closing(connect_tls(self.https, &root).ok()?), HOST).ok()
    }

    /// The certificate of its own authority.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("data/caddy/pki/authorities/local/root.crt")
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Caddy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The file is as `caddy fmt` would have it.
#[track_caller]
fn expect_formatted(file: &Path) {
    let formatted = Command::new("caddy").arg("fmt").arg(file).output();
    let formatted = formatted.expect("caddy is installed; `tests/run.sh` does it").stdout;
    let printed = fs::read_to_string(file).expect("written");
    assert_eq!(String::from_utf8_lossy(&formatted).trim_end(), printed.trim_end());
}

/// The printed file for this machine; each replaced text has to be there.
#[track_caller]
fn adapted(printed: &str, http: SocketAddr, https: SocketAddr, pages: SocketAddr) -> String {
    let (http, https) = (http.port(), https.port());
    let mut replaced = vec![(
        "{\n\tservers {".to_owned(),
        format!(
            "{{\n\thttp_port {http}\n\thttps_port {https}\n\tadmin off\n\tlocal_certs\n\t\
             skip_install_trust\n\tdefault_bind 127.0.0.1\n\tservers {{"
        ),
    )];
    if printed.contains(PAGES) {
        replaced.push((format!("https://{PAGES} {{"), format!("https://{pages} {{")));
        replaced.push(("dial_timeout 5s".to_owned(), format!("tls_server_name {PAGES}")));
    }
    let mut text = printed.to_owned();
    for (from, to) in replaced {
        assert!(text.contains(&from), "`{from}` is not in\n{printed}");
        text = text.replace(&from, &to);
    }
    text
}
