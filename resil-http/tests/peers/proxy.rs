//! nginx and HAProxy, each a process of this test, in front of a backend.

#[path = "../../../tests/stores/servers/exported.rs"]
mod exported;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use exported::exported;

use crate::support::free_address;

/// The variables that say where the programs are.
const NGINX: &str = "RESIL_TEST_NGINX";
const HAPROXY: &str = "RESIL_TEST_HAPROXY";

/// A proxy that runs as long as this lives.
pub(crate) struct Proxy {
    child: Child,
    dir: PathBuf,
    pub(crate) address: SocketAddr,
}

/// What may stand between a client and a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Between {
    Nothing,
    Nginx { h2: bool },
    Haproxy { h2: bool },
}

impl Between {
    pub(crate) const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Nginx { h2: false },
        Self::Nginx { h2: true },
        Self::Haproxy { h2: false },
        Self::Haproxy { h2: true },
    ];

    /// Returns whether the client speaks HTTP/2 to it.
    pub(crate) fn is_h2(self) -> bool {
        matches!(self, Self::Nginx { h2: true } | Self::Haproxy { h2: true })
    }

    /// Starts it in front of `backend`. `None` if nothing stands there.
    ///
    /// # Panics
    ///
    /// If the program is not installed, or does not start.
    pub(crate) fn start(self, backend: SocketAddr) -> Option<Proxy> {
        match self {
            Self::Nothing => None,
            Self::Nginx { h2 } => Some(nginx(backend, h2)),
            Self::Haproxy { h2 } => Some(haproxy(backend, h2)),
        }
    }
}

/// Returns whether the proxies are to be tested: `./test` installs them.
pub(crate) fn are_there() -> bool {
    exported(NGINX).is_some() && exported(HAPROXY).is_some()
}

fn nginx(backend: SocketAddr, h2: bool) -> Proxy {
    let (dir, address) = (folder("nginx"), free_address());
    let http2 = if h2 { " http2" } else { "" };
    // One attempt: what is retried, resil retries.
    let conf = format!(
        "daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;\n\
         events {{ worker_connections 512; }}\n\
         http {{ access_log off; client_body_temp_path {dir}; proxy_temp_path {dir};\n\
           fastcgi_temp_path {dir}; uwsgi_temp_path {dir}; scgi_temp_path {dir};\n\
           server {{ listen {address}{http2}; keepalive_requests 1000000;\n\
             location / {{ proxy_pass http://{backend}; proxy_next_upstream off;\n\
               proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 600s; }} }} }}\n",
        dir = dir.display(),
    );
    let file = dir.join("nginx.conf");
    fs::write(&file, conf).unwrap();
    let mut command = Command::new(env::var_os(NGINX).unwrap());
    command.arg("-c").arg(&file).arg("-p").arg(&dir);
    begin(command, dir, address)
}

fn haproxy(backend: SocketAddr, h2: bool) -> Proxy {
    let (dir, address) = (folder("haproxy"), free_address());
    let proto = if h2 { " proto h2" } else { "" };
    let conf = format!(
        "global\n  maxconn 512\ndefaults\n  mode http\n  retries 0\n  timeout connect 5s\n  \
         timeout client 600s\n  timeout server 600s\nlisten edge\n  bind {address}{proto}\n  \
         server backend {backend}\n",
    );
    let file = dir.join("haproxy.cfg");
    fs::write(&file, conf).unwrap();
    let mut command = Command::new(env::var_os(HAPROXY).unwrap());
    command.arg("-db").arg("-f").arg(&file);
    begin(command, dir, address)
}

/// Starts the program, and waits until it listens.
fn begin(mut command: Command, dir: PathBuf, address: SocketAddr) -> Proxy {
    let log = fs::File::create(dir.join("log")).unwrap();
    let errors = log.try_clone().unwrap();
    command.stdin(Stdio::null()).stdout(log).stderr(errors);
    let mut proxy = Proxy {
        child: command.spawn().unwrap(),
        dir,
        address,
    };
    let begun = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        let ended = proxy.child.try_wait().unwrap();
        let log = fs::read_to_string(proxy.dir.join("log")).unwrap();
        assert!(ended.is_none(), "it ended with {ended:?}: {log}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{log}");
        thread::sleep(Duration::from_millis(20));
    }
    proxy
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // By its pid. Of nginx TERM reaches the worker too, KILL would not.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn folder(name: &str) -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let dir = env::temp_dir().join(format!("resil-{name}-{}-{n}", process::id()));
    fs::create_dir_all(&dir).unwrap();
    // The worker of nginx is not root.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
    }
    dir
}
