//! Sends requests through plain reqwest or through the client, to a server in another process: for callgrind, which
//! counts the same on a machine that has other work.
//!
//! ```text
//! edge_one serve &          # prints its URL
//! valgrind --tool=callgrind edge_one reqwest URL 5000
//! valgrind --tool=callgrind edge_one resil URL 5000
//! ```
//!
//! In place of `resil`: `deadline`, which tells how much time is left, and `endpoints`, which has those of a list with
//! commas as its balancer's, beside `reqwest` that goes to them in turn.
//!
//! A fourth argument is how many requests are under way at once, on the runtime with several threads.

#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "a program that is counted from outside"
)]

use resil_benches::edge::{Of, Sender, client};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("http://{}/", listener.local_addr().expect("its address"));
    loop {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        tokio::spawn(async move {
            let mut buf = vec![0; 4096];
            let mut filled = 0;
            while let Ok(n) = stream.read(&mut buf[filled..]).await {
                if n == 0 {
                    return;
                }
                filled += n;
                if buf[..filled].ends_with(b"\r\n\r\n") {
                    filled = 0;
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 5\r\ndate: Sun, 29 Nov 2026 05:22:26 GMT\r\n\r\nhello";
                    if stream.write_all(answer).await.is_err() {
                        return;
                    }
                }
            }
        });
    }
}

async fn many(sender: Sender, urls: Vec<String>, count: u64, at_once: u64) {
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..at_once {
        let (sender, urls) = (sender.clone(), urls.clone());
        all.spawn(async move { some(&sender, &urls, count / at_once).await });
    }
    all.join_all().await;
}

/// Sends requests to URLs in turn.
async fn some(sender: &Sender, urls: &[String], count: u64) {
    let mut urls = urls.iter().cycle();
    for _ in 0..count {
        sender.send(urls.next().expect("a URL")).await;
    }
}

async fn run(args: Vec<String>) {
    let urls = |at: usize| args[at].split(',').map(str::to_owned).collect::<Vec<_>>();
    let sender = match args[1].as_str() {
        "serve" => return serve().await,
        "reqwest" => Sender::Reqwest(reqwest::Client::builder().build().expect("a client")),
        "resil" => Sender::Resil(client("one", Of::Url)),
        "deadline" => Sender::Resil(client("one", Of::UrlWithDeadline)),
        "endpoints" => {
            let origins = urls(2)
                .into_iter()
                .map(|url| url.trim_end_matches('/').to_owned());
            Sender::Resil(client("one", Of::Endpoints(&origins.collect::<Vec<_>>())))
        }
        _ => panic!("serve, reqwest, resil, deadline or endpoints"),
    };
    let urls = match args[1].as_str() {
        "endpoints" => vec!["/".to_owned()],
        _ => urls(2),
    };
    let number = |at: usize| args[at].parse::<u64>().expect("a number");
    if args.len() == 4 {
        some(&sender, &urls, number(3)).await;
    } else {
        many(sender, urls, number(3), number(4)).await;
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut runtime = match args.get(4) {
        None => tokio::runtime::Builder::new_current_thread(),
        Some(_) => tokio::runtime::Builder::new_multi_thread(),
    };
    runtime
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(run(args));
}
