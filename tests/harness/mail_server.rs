//! A real mail server (Exim, from its package) on loopback, with STARTTLS and implicit TLS under a CA of its own; it keeps what it
//! takes. And a wire to it that is cut at the worst moment.

use std::fs;
use std::net::TcpListener as Listener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Where the package puts it.
const EXIM: &str = "/usr/sbin/exim4";
/// The end of a mail's text (RFC 5321).
const END: &[u8] = b"\r\n.\r\n";

/// The server.
pub struct MailServer {
    folder: TempDir,
    child: Option<Child>,
    port: u16,
    tls_port: u16,
}

impl MailServer {
    /// Starts one. It takes mail for anybody but `nobody@…`, whom it does not know, and `later@…`, whom it will not have now.
    ///
    /// # Panics
    /// It is not installed, or does not start: `apt install exim4-daemon-light openssl`.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the mail server");
        for name in ["spool", "log"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        certify(folder.path());
        let mut server = Self {
            folder,
            child: None,
            port: free_port(),
            tls_port: free_port(),
        };
        fs::write(server.path("conf"), server.configuration()).expect("its settings are written");
        server.resume().await;
        server
    }

    /// Its address, with TLS demanded by STARTTLS.
    #[must_use]
    pub fn starttls(&self) -> String {
        format!("smtp://localhost:{}?tls=required", self.port)
    }

    /// Its address, with TLS from the first octet on.
    #[must_use]
    pub fn smtps(&self) -> String {
        format!("smtps://localhost:{}", self.tls_port)
    }

    /// Its address without TLS.
    #[must_use]
    pub fn plain(&self) -> String {
        format!("smtp://localhost:{}", self.port)
    }

    /// The certificate of the CA that its own is from.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// Every mail it took over, with headers and text, oldest first.
    ///
    /// # Panics
    /// Its spool cannot be read.
    #[must_use]
    pub fn taken(&self) -> Vec<String> {
        let input = self.path("spool/input");
        let mut heads: Vec<PathBuf> = fs::read_dir(input)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.to_string_lossy().ends_with("-H"))
            .collect();
        heads.sort();
        let read = |path: PathBuf| {
            let bytes = fs::read(path).expect("a spooled mail");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        heads
            .into_iter()
            .map(|head| {
                let text = head.to_string_lossy().replace("-H", "-D");
                format!("{}\n{}", read(head), read(text.into()))
            })
            .collect()
    }

    /// Stops it, as for maintenance.
    pub fn pause(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Starts it again.
    ///
    /// # Panics
    /// It does not listen within ten seconds.
    pub async fn resume(&mut self) {
        let child = Command::new(EXIM)
            .arg("-C")
            .arg(self.path("conf"))
            .arg("-bdf")
            .arg("-oP")
            .arg(self.path("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("exim4 is installed (apt install exim4-daemon-light)");
        self.child = Some(child);
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let log = fs::read_to_string(self.path("log/mainlog")).unwrap_or_default();
        unreachable!("the mail server does not listen: {log}");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configuration(&self) -> String {
        let folder = self.folder.path().display();
        let (user, group) = (whoami("-u"), whoami("-g"));
        let (port, tls_port) = (self.port, self.tls_port);
        format!(
            "spool_directory = {folder}/spool\n\
             log_file_path = {folder}/log/%slog\n\
             exim_user = {user}\nexim_group = {group}\n\
             primary_hostname = localhost\nkeep_environment =\n\
             daemon_smtp_ports = {port} : {tls_port}\nlocal_interfaces = 127.0.0.1\n\
             tls_on_connect_ports = {tls_port}\ntls_advertise_hosts = *\n\
             tls_certificate = {folder}/server.pem\ntls_privatekey = {folder}/server.key\n\
             host_lookup =\nrfc1413_query_timeout = 0s\nqueue_only = true\n\
             acl_smtp_rcpt = rcpt\nacl_smtp_data = accept\n\
             begin acl\n\
             rcpt:\n  deny local_parts = nobody\n    message = there is nobody of that name\n\
             \x20 defer local_parts = later\n    message = come back later\n  accept\n"
        )
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.pause();
    }
}

/// A wire to a mail server that is cut once: after the first whole mail was handed over and taken, before its sender hears so.
pub struct Wire {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl Wire {
    /// Lays it.
    ///
    /// # Panics
    /// There is no port left.
    pub async fn to(server: &MailServer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (cut, target) = (Arc::new(AtomicBool::new(false)), server.port);
        let is_cut = cut.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else {
                    continue;
                };
                tokio::spawn(carry(client, server, is_cut.clone()));
            }
        });
        Self { port, cut }
    }

    /// Its near end.
    #[must_use]
    pub fn address(&self) -> String {
        format!("smtp://localhost:{}", self.port)
    }

    /// Whether it was cut yet.
    #[must_use]
    pub fn was_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, cut: Arc<AtomicBool>) {
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let mut last: Vec<u8> = Vec::new();
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(n @ 1..) = read else { return };
                if server.write_all(&up[..n]).await.is_err() {
                    return;
                }
                last.extend(&up[..n]);
                if last.ends_with(END) && !cut.swap(true, Ordering::SeqCst) {
                    // The server has it, and says so; nobody hears it.
                    drop(server.read(&mut down).await);
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(n @ 1..) = read else { return };
                if client.write_all(&down[..n]).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn free_port() -> u16 {
    let listener = Listener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

fn whoami(what: &str) -> String {
    let said = Command::new("id").arg(what).output().expect("id is there");
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}

/// A CA and a certificate for localhost.
fn certify(folder: &Path) {
    let openssl = |arguments: &str| {
        let done = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(folder)
            .stderr(Stdio::null())
            .status();
        assert!(done.expect("openssl is installed").success(), "{arguments}");
    };
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").expect("a file");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!(
        "req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=mail-ca -days 2"
    ));
    openssl(&format!(
        "req {key} -keyout server.key -out server.csr -subj /CN=localhost"
    ));
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names",
    );
}
