//! The real programs as processes.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The folder in which cargo put the programs beside this test.
///
/// # Panics
/// The program is not there.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a file");
    let folder = own
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in target/<profile>/deps");
    let found = folder.join(name);
    assert!(
        found.exists(),
        "{} is not built: run ./tests/run, or cargo build --workspace",
        found.display()
    );
    found
}

/// A program that runs until it is stopped or dies.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    /// Starts it with its output kept.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (send, lines) = channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("piped")),
            Box::new(child.stderr.take().expect("piped")),
        ];
        for stream in streams {
            let send = send.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if send.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Self {
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// Waits for a line of output that holds `text`; answers the line.
    ///
    /// # Panics
    /// None comes within half a minute.
    pub fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => self.seen.push(line),
                Err(_) => unreachable!(
                    "no line with {text:?} came; these did:\n{}",
                    self.seen.join("\n")
                ),
            }
        }
    }

    /// Whether it has ended by itself.
    ///
    /// # Panics
    /// The system does not tell.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the system tells").is_some()
    }

    /// Waits until it has ended by itself; how it ended.
    ///
    /// # Panics
    /// It does not within a minute.
    pub fn wait_for_death(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.child.try_wait().expect("the system tells") {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "it lives on; it said:\n{}",
                self.said()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// All it said so far.
    pub fn said(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        self.seen.join("\n")
    }

    /// SIGKILL: no destructor runs, nothing is flushed.
    pub fn kill(&mut self) {
        // Fails only when it is dead already.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// SIGINT, as Ctrl-C sends it; waits until it has stopped by itself.
    ///
    /// # Panics
    /// It does not stop within twenty seconds.
    pub fn interrupt(&mut self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .expect("kill is there");
        assert!(sent.success());
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.has_ended() {
            assert!(
                Instant::now() < deadline,
                "it does not stop; it said:\n{}",
                self.said()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a program to its end.
///
/// # Panics
/// It does not start.
#[must_use]
pub fn run(command: &mut Command) -> Output {
    command
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// Runs a program that succeeds; answers what it printed.
///
/// # Panics
/// It fails.
#[track_caller]
pub fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{command:?} fails with {}:\n{out}\n{err}",
        output.status
    );
    out.into_owned()
}

/// An address of this machine that nobody listens on at the moment.
///
/// # Panics
/// There is none.
#[must_use]
pub fn free_address() -> String {
    let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    socket
        .local_addr()
        .expect("a bound socket has an address")
        .to_string()
}
