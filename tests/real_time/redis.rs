//! The class of a `redis::RedisError`, as its client makes it over a real connection.

use std::time::Duration;

use redis::{Client, RedisError, aio::MultiplexedConnection};
use resil::Class::{self, Permanent, Transient};
use resil::Classify;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::serve;

/// A connection to a server that answers the commands after the greeting with `said`, one each,
/// and then hangs up, or says nothing.
async fn connection(said: &'static [&'static str]) -> MultiplexedConnection {
    let at = serve(move |stream| async move {
        let mut stream = BufReader::new(stream);
        let mut said = said.iter();
        while let Some(command) = command(&mut stream).await {
            let answer = match command.as_str() {
                "CLIENT" => "+OK",
                _ => match said.next() {
                    None => return,
                    Some(&"silence") => continue,
                    Some(answer) => answer,
                },
            };
            let answer = format!("{answer}\r\n");
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await;
    let client = Client::open(format!("redis://{at}/")).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// The first word of the next command, in capitals.
async fn command(stream: &mut BufReader<tokio::net::TcpStream>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let words: usize = line.strip_prefix('*')?.trim().parse().ok()?;
    let mut first = None;
    for _ in 0..words {
        for part in 0..2 {
            line.clear();
            stream.read_line(&mut line).await.ok()?;
            if part == 1 && first.is_none() {
                first = Some(line.trim().to_uppercase());
            }
        }
    }
    first
}

async fn get(said: &'static [&'static str]) -> RedisError {
    let mut connection = connection(said).await;
    let mut get = redis::cmd("GET");
    let answer = get.arg("key").query_async::<u32>(&mut connection);
    answer.await.unwrap_err()
}

#[tokio::test]
async fn answers_of_every_kind() {
    for (said, class) in [
        ("-LOADING Redis is loading the dataset in memory", Transient),
        (
            "-TRYAGAIN Multiple keys request during rehashing of slot",
            Transient,
        ),
        ("-CLUSTERDOWN The cluster is down", Transient),
        ("-MASTERDOWN Link with MASTER is down", Transient),
        (
            "-READONLY You can't write against a read only replica.",
            Transient,
        ),
        ("-MOVED 3999 127.0.0.1:6381", Transient),
        ("-ASK 3999 127.0.0.1:6381", Transient),
        (
            "-OOM command not allowed when used memory > 'maxmemory'.",
            Transient,
        ),
        ("-BUSY Redis is busy running a script.", Transient),
        (
            "-MISCONF Redis is configured to save RDB snapshots, but it can't",
            Transient,
        ),
        ("-NOREPLICAS Not enough good replicas to write.", Transient),
        ("-REDIRECT 127.0.0.1:6381", Transient),
        (
            "-UNBLOCKED force unblock from blocking operation",
            Transient,
        ),
        ("-ERR max number of clients reached", Transient),
        ("-ERR unknown command", Permanent),
        ("-BUSYGROUP Consumer Group name already exists", Permanent),
        ("-BUSYKEY Target key name already exists.", Permanent),
        (
            "-CROSSSLOT Keys in request don't hash to the same slot",
            Permanent,
        ),
        ("-NOSCRIPT No matching script.", Permanent),
        ("-NOPERM this user has no permissions", Permanent),
        ("-NOAUTH Authentication required.", Permanent),
        ("-WRONGPASS invalid username-password pair", Permanent),
        (
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
            Permanent,
        ),
        (
            "-EXECABORT Transaction discarded because of previous errors.",
            Permanent,
        ),
        // Of another type than was asked for, and no answer at all.
        ("+text", Permanent),
        ("$-1", Permanent),
        ("?what is this", Transient),
    ] {
        let error = get(Vec::leak(vec![said])).await;
        let got: Class = error.classify();
        assert_eq!(got, class, "{said}: {error:?} {:?}", error.kind());
    }
}

#[tokio::test]
async fn what_the_client_says_of_its_own() {
    let closed = get(&[]).await;
    assert_eq!(closed.classify(), Transient, "{closed:?}");
    let client = Client::open("redis://127.0.0.1:1/").unwrap();
    let refused = client.get_multiplexed_async_connection().await;
    let refused = refused.err().unwrap();
    assert_eq!(refused.classify(), Transient, "{refused:?}");
    let none = Client::open("http://127.0.0.1/").unwrap_err();
    assert_eq!(none.classify(), Permanent, "{none:?}");
    let mut hasty = connection(&["silence"]).await;
    hasty.set_response_timeout(Duration::from_millis(30));
    let mut late = redis::cmd("GET");
    let late = late.arg("key").query_async::<u32>(&mut hasty);
    let late = late.await.unwrap_err();
    assert!(late.is_timeout(), "{late:?}");
    assert_eq!(late.classify(), Transient);
}

/// The commands of a pipeline fail each by itself, and those of a transaction before `EXEC`: one that
/// no other try can mend makes the whole so.
#[tokio::test]
async fn a_pipeline_is_as_bad_as_its_worst_command() {
    const LOADING: &str = "-LOADING later";
    const WRONG: &str = "-WRONGTYPE never";
    const ABORTED: &str = "-EXECABORT Transaction discarded because of previous errors.";
    for (atomic, said, class) in [
        (false, [LOADING, LOADING].as_slice(), Transient),
        (false, &[LOADING, WRONG], Permanent),
        (false, &["+1", LOADING], Transient),
        (false, &["+1", WRONG], Permanent),
        (true, &["+OK", LOADING, "+QUEUED", ABORTED], Transient),
        (true, &["+OK", LOADING, WRONG, ABORTED], Permanent),
    ] {
        let mut connection = connection(Vec::leak(said.to_vec())).await;
        let mut pipeline = redis::pipe();
        if atomic {
            pipeline.atomic();
        }
        pipeline.cmd("GET").arg("a").cmd("GET").arg("b");
        let answer = pipeline.query_async::<(u32, u32)>(&mut connection).await;
        let error = answer.unwrap_err();
        assert_eq!(
            error.classify(),
            class,
            "{said:?}: {error:?} {:?}",
            error.kind()
        );
    }
}
