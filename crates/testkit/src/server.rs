//! The real `millrace serve` on ports the system chose, with its data in a directory of the test's own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;

/// Log kept per run; a server that writes more than this in a test is itself a finding.
const MAX_LOG: u64 = 16 * 1024 * 1024;

/// A running server; killed when dropped.
pub struct TestServer {
    binary: PathBuf,
    data: PathBuf,
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    extra: Vec<String>,
    ports: [String; 3],
}

impl TestServer {
    /// Starts `binary` with its data in `data` and waits for its ready line.
    ///
    /// # Panics
    /// The server ends before it is ready; its log is in the message.
    #[must_use]
    pub fn start(binary: &Path, data: &Path, extra: &[&str]) -> Self {
        let ports = ["127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"].map(str::to_owned);
        let extra: Vec<String> = extra.iter().map(|&arg| arg.to_owned()).collect();
        let (child, log, reader) = launch(binary, data, &extra, &ports);
        let mut server = Self {
            binary: binary.to_path_buf(),
            data: data.to_path_buf(),
            child,
            log,
            reader: Some(reader),
            extra,
            ports,
        };
        // A restart has to come back where clients expect it.
        let credentials = server.credentials();
        let address = |name: &str| {
            let url = credentials["endpoints"][name].as_str().expect("an endpoint");
            url.rsplit("//").next().expect("a URL has an authority").to_owned()
        };
        server.ports = [address("https"), address("http"), address("blob")];
        server
    }

    /// `credentials.json` as the server wrote it.
    ///
    /// # Panics
    /// The file is not there or not JSON.
    #[must_use]
    pub fn credentials(&self) -> Value {
        let text =
            std::fs::read_to_string(self.credentials_path()).expect("the server wrote credentials.json");
        serde_json::from_str(&text).expect("credentials.json is JSON")
    }

    /// Where that file is.
    #[must_use]
    pub fn credentials_path(&self) -> PathBuf {
        self.data.join("credentials.json")
    }

    /// The plain base URL.
    #[must_use]
    pub fn http(&self) -> String {
        format!("http://{}", self.ports[1])
    }

    /// Process id of the server.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, and wait until it is gone.
    ///
    /// # Panics
    /// The process cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server can be waited for");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the log reader ends with the server");
        }
    }

    /// Starts the server again on the same data and the same ports.
    ///
    /// # Panics
    /// As [`TestServer::start`].
    pub fn restart(&mut self) {
        self.kill();
        let (child, log, reader) = launch(&self.binary, &self.data, &self.extra, &self.ports);
        self.child = child;
        self.log = log;
        self.reader = Some(reader);
    }

    /// SIGTERM, then the exit code.
    ///
    /// # Panics
    /// The signal cannot be sent.
    #[must_use]
    pub fn terminate(&mut self) -> Option<i32> {
        let sent = Command::new("kill").arg("-TERM").arg(self.pid().to_string()).status().expect("kill runs");
        assert!(sent.success());
        self.child.wait().expect("the server can be waited for").code()
    }

    /// What the server has logged so far.
    ///
    /// # Panics
    /// The log reader panicked.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().expect("the log reader does not panic").clone()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the server ---\n{}", self.log());
        }
    }
}

type Launched = (Child, Arc<Mutex<String>>, JoinHandle<()>);

fn launch(binary: &Path, data: &Path, extra: &[String], ports: &[String; 3]) -> Launched {
    let mut child = Command::new(binary)
        .arg("serve")
        .args(["--data-dir".as_ref(), data.as_os_str()])
        .args(addresses(extra, ports))
        .args(extra)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server's binary runs");
    let log = Arc::new(Mutex::new(String::new()));
    let reader = follow(child.stderr.take().expect("stderr is piped"), log.clone());
    let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let ready = stdout.lines().map_while(Result::ok).any(|line| line.starts_with("millrace ready"));
    if !ready {
        let _ = child.kill();
        let _ = child.wait();
        let _ = reader.join();
        panic!("the server ended before it was ready:\n{}", log.lock().expect("no panic there"));
    }
    (child, log, reader)
}

/// The three listeners' flags, but for those that the test gives itself.
fn addresses(extra: &[String], ports: &[String; 3]) -> Vec<String> {
    let flags = ["--https", "--http", "--blob"].into_iter().zip(ports);
    let chosen = flags.filter(|(flag, _)| !extra.iter().any(|given| given == flag));
    chosen.flat_map(|(flag, port)| [flag.to_owned(), port.clone()]).collect()
}

fn follow(stderr: ChildStderr, log: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stderr.take(MAX_LOG)).lines().map_while(Result::ok) {
            let mut log = log.lock().expect("only this thread writes");
            log.push_str(&line);
            log.push('\n');
        }
    })
}
