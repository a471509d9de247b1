//! A real nginx with the file that `lookout print nginx` prints, on ports of its own, with
//! certificates of its own, and a stand-in for GitHub Pages behind it.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use super::http::{Reply, Request};
use super::lookout::until;

/// The names that certificates are for.
pub const HOST: &str = "lounge.example";
pub const PAGES: &str = "ada.github.io";

/// What Debian's `nginx.conf` has as `worker_connections`.
const DEBIANS_CONNECTIONS: u32 = 768;

/// A running nginx, which ends with the test.
pub struct Nginx {
    pub dir: TempDir,
    pub https: SocketAddr,
    pub http: SocketAddr,
    /// The stand-in for GitHub Pages.
    pub pages: SocketAddr,
    child: Child,
}

impl Nginx {
    /// Runs `printed`, which `lookout print nginx` made for [`HOST`] and [`PAGES`]. Nothing in
    /// it is changed but ports, certificates, and the file of trusted certificates.
    #[track_caller]
    pub fn start(printed: &str) -> Self {
        Self::with_connections(DEBIANS_CONNECTIONS, printed)
    }

    /// The same, with so many `worker_connections` for each of two workers.
    #[track_caller]
    pub fn with_connections(connections: u32, printed: &str) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        for name in [HOST, PAGES] {
            make_certificate(dir.path(), name);
        }
        let [http, https, pages] = [(); 3].map(|()| free_address());
        let site = adapted(printed, dir.path(), http, https, pages);
        let whole = whole_configuration(dir.path(), &site, http, pages);
        let (from, to) = (DEBIANS_CONNECTIONS.to_string(), connections.to_string());
        let whole = whole
            .replace(&format!("worker_connections {from};"), &format!("worker_connections {to};"));
        let file = dir.path().join("nginx.conf");
        fs::write(&file, whole).expect("written");
        let nginx = |more: &[&str]| {
            let mut command = Command::new("/usr/sbin/nginx");
            command
                .arg("-e")
                .arg("stderr")
                .arg("-p")
                .arg(dir.path())
                .arg("-c")
                .arg(&file)
                .args(more);
            command
        };
        let test = nginx(&["-t", "-q"]).output().expect("nginx is installed");
        let said = String::from_utf8_lossy(&test.stderr).into_owned();
        assert!(test.status.success() && said.is_empty(), "`nginx -t`: {said}\n{site}");
        let log = fs::File::create(dir.path().join("error.log")).expect("created");
        let child = nginx(&[]).stderr(Stdio::from(log)).spawn().expect("it starts");
        let nginx = Self { dir, https, http, pages, child };
        let port = if printed.contains("ssl_certificate ") { https } else { http };
        assert!(until(|| TcpStream::connect(port).is_ok()), "nginx listens");
        nginx
    }

    /// Sends `request` by TLS, with the certificate verified, and reads the reply.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Reply {
        request.exchange(Closing(self.connect()), HOST).expect("an answer")
    }

    /// The same, where the connection may be refused or closed.
    pub fn try_send(&self, request: &Request) -> Option<Reply> {
        let stream = self.try_connect().ok()?;
        request.exchange(Closing(stream), HOST).ok()
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.send(&Request::get(path))
    }

    /// A connection by TLS.
    #[track_caller]
    pub fn connect(&self) -> StreamOwned<ClientConnection, TcpStream> {
        self.try_connect().expect("it listens")
    }

    fn try_connect(&self) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
        connect_tls(self.https, &self.dir.path().join(format!("{HOST}.pem")))
    }

    /// What nginx complained of.
    pub fn errors(&self) -> String {
        fs::read_to_string(self.dir.path().join("error.log")).unwrap_or_default()
    }

    /// Lets it trust nobody's certificate but its own host's: not that of Pages.
    pub fn distrust_pages(&self) {
        let trusted = self.dir.path().join("trusted.pem");
        fs::copy(self.dir.path().join(format!("{HOST}.pem")), trusted).expect("copied");
        let pid = self.child.id().to_string();
        let hangup = Command::new("kill").args(["-HUP", &pid]).status().expect("kill runs");
        assert!(hangup.success());
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers when it is asked to end itself.
        let pid = self.child.id().to_string();
        drop(Command::new("kill").args(["-TERM", &pid]).status());
        drop(self.child.wait());
    }
}

/// A connection by TLS to [`HOST`] at `address`, with a certificate that `trusted` signed or is.
pub fn connect_tls(
    address: SocketAddr,
    trusted: &Path,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let stream = super::http::connect(address)?;
    let name = ServerName::try_from(HOST).expect("a name");
    let client = ClientConnection::new(Arc::new(trusting(trusted)), name);
    Ok(StreamOwned::new(client.expect("the name is valid"), stream))
}

/// nginx may close without the goodbye of TLS: the length of the answer is known anyway.
pub struct Closing<S>(pub S);

impl<S: Read> Read for Closing<S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(0),
            other => other,
        }
    }
}

impl<S: Write> Write for Closing<S> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// The printed file for this machine; each replaced text has to be there, or the test is about
/// something else than what is printed.
#[track_caller]
fn adapted(
    printed: &str,
    dir: &Path,
    http: SocketAddr,
    https: SocketAddr,
    pages: SocketAddr,
) -> String {
    let at = |file: &str| dir.join(file).display().to_string();
    let dns = name_server();
    let mut replaced = vec![
        ("listen 80;", format!("listen {http};")),
        ("listen [::]:80;", String::new()),
        ("/etc/ssl/certs/ca-certificates.crt", at("trusted.pem")),
        ("resolver 127.0.0.1 valid=5m;", format!("resolver {dns} ipv6=off;")),
        ("proxy_pass https://$pages;", format!("proxy_pass https://$pages:{};", pages.port())),
    ];
    if printed.contains("ssl_certificate ") {
        replaced.push(("listen 443 ssl http2;", format!("listen {https} ssl http2;")));
        replaced.push(("listen [::]:443 ssl http2;", String::new()));
    }
    if printed.contains("/etc/letsencrypt/") {
        let live = "/etc/letsencrypt/live/lounge.example";
        let pairs = [("fullchain", "lounge.example.pem"), ("privkey", "lounge.example.key")];
        let paths = pairs.map(|(from, to)| (format!("{live}/{from}.pem"), at(to)));
        return replace_all(printed, replaced, paths);
    }
    replace_all(printed, replaced, [])
}

/// `printed` with each text replaced, which has to be there.
#[track_caller]
fn replace_all<const N: usize>(
    printed: &str,
    replaced: Vec<(&str, String)>,
    paths: [(String, String); N],
) -> String {
    let replaced = replaced.into_iter().map(|(from, to)| (from.to_owned(), to));
    let mut text = printed.to_owned();
    for (from, to) in replaced.chain(paths) {
        assert!(text.contains(&from), "`{from}` is not in\n{printed}");
        text = text.replace(&from, &to);
    }
    text
}

/// What Debian's `nginx.conf` has round the printed file, with its default site, and GitHub Pages,
/// which tells by which names it was asked and refuses every other one.
fn whole_configuration(dir: &Path, site: &str, http: SocketAddr, pages: SocketAddr) -> String {
    let at = |file: &str| dir.join(file).display().to_string();
    let user = if nix::unistd::geteuid().is_root() { "user root;\n" } else { "" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("    {what}_temp_path {};\n", at(what)))
        .concat();
    format!(
        r#"{user}daemon off;
worker_processes 2;
pid {pid};
events {{ worker_connections 768; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    gzip on;
    access_log off;
{temporary}
    server {{
        listen {http} default_server;
        server_name _;
        root {nothing};
        location / {{ try_files $uri $uri/ =404; }}
    }}
    server {{
        listen {pages} ssl default_server;
        ssl_reject_handshake on;
    }}
    server {{
        listen {pages} ssl;
        server_name {PAGES};
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        if ($host != {PAGES}) {{ return 421; }}
        add_header Strict-Transport-Security "max-age=1";
        location /room/ {{ root {documents}; default_type text/html; }}
        location = /moved {{ return 301 https://{PAGES}/elsewhere/; }}
        location / {{
            default_type text/plain;
            return 200 "sni=$ssl_server_name host=$http_host uri=$request_uri cookie=$http_cookie length=$content_length";
        }}
    }}

{site}
}}
"#,
        pid = at("nginx.pid"),
        documents = at("documents"),
        nothing = at("nothing"),
        certificate = at(&format!("{PAGES}.pem")),
        key = at(&format!("{PAGES}.key")),
    )
}

/// A certificate for `name` that signs itself; [`PAGES`]'s is the only one that nginx trusts.
pub fn make_certificate(dir: &Path, name: &str) {
    let (pem, key) = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", &format!("/CN={name}"), "-addext", &format!("subjectAltName=DNS:{name}")])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&pem)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::copy(pem, dir.join("trusted.pem")).expect("copied");
}

fn trusting(pem: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(pem).expect("a certificate"))
        .expect("it can be trusted");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// An address that nobody listens on. Its port is none that the kernel hands out, so no other
/// socket gets it before whoever asked for it listens there.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Other test programs begin elsewhere.
    let begin = std::process::id().wrapping_mul(97);
    loop {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = PORTS.start + (begin.wrapping_add(step) % PORTS.len() as u32) as u16;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Below those from which the kernel takes the ports of outgoing connections.
const PORTS: Range<u16> = 12_000..32_000;

/// A name server by which every name is this machine.
fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let address = socket.local_addr().expect("bound");
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            drop(socket.send_to(&answer_of(&query[..length]), from));
        }
    });
    address
}

/// The question again, and one answer: an A record of a minute for the name at offset 12.
fn answer_of(query: &[u8]) -> Vec<u8> {
    let name = query[12..].iter().position(|&byte| byte == 0).unwrap_or(0);
    let question = &query[12..query.len().min(12 + name + 5)];
    let mut answer = query[..2].to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    answer.extend(question);
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    answer
}

/// How long nothing has to happen before it is believed that nothing will.
pub const QUIET: Duration = Duration::from_millis(300);
