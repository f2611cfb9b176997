//! A DNS server on a local UDP port, which answers what it is told to.

#![allow(dead_code, reason = "each test target uses its own part")]

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use resil_http::balance::Dns;
use resil_runtime::clock::{self, Instant};
use tokio::net::UdpSocket;
use tokio::task::AbortHandle;

use crate::support::until;

/// What the server does with a question.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// Answers with these records, of whatever family was asked for. Each has its TTL in seconds.
    Records(Vec<(&'static str, u32)>),
    /// Answers with an alias of this TTL, and the records of its target.
    Alias(u32, Vec<(&'static str, u32)>),
    /// Answers with a code and no record.
    Code(ResponseCode),
    /// Answers after this time.
    Late(Duration, Vec<(&'static str, u32)>),
    /// Answers nothing.
    Nothing,
}

pub(crate) struct DnsServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    says: Mutex<Box<dyn Fn(RecordType) -> Says + Send>>,
    asked: Mutex<Vec<(RecordType, Instant)>>,
}

impl DnsServer {
    pub(crate) async fn start(says: impl Fn(RecordType) -> Says + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            says: Mutex::new(Box::new(says)),
            asked: Mutex::default(),
        });
        let task = tokio::spawn(serve(socket, Arc::clone(&shared)));
        Self {
            address,
            shared,
            task: task.abort_handle(),
        }
    }

    /// Starts one that says the same of IPv4, and that there is nothing of IPv6.
    pub(crate) async fn of_v4(says: Says) -> Self {
        Self::start(v4(says)).await
    }

    pub(crate) fn says_v4(&self, says: Says) {
        *self.shared.says.lock().expect("a lock") = Box::new(v4(says));
    }

    /// The times at which it was asked.
    pub(crate) fn asked(&self) -> Vec<(RecordType, Instant)> {
        self.shared.asked.lock().expect("a lock").clone()
    }

    /// Settings that ask this server for `service`.
    pub(crate) fn dns(&self, service: &str) -> Dns {
        Dns::of(service).expect("a name").server(self.address)
    }

    /// Waits until it was asked `count` times.
    pub(crate) async fn was_asked(&self, count: usize) {
        until(&format!("{count} questions"), || {
            self.asked().len() >= count
        })
        .await;
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn v4(says: Says) -> impl Fn(RecordType) -> Says + Send {
    move |kind| match kind {
        RecordType::A => says.clone(),
        _ => Says::Code(ResponseCode::NoError),
    }
}

async fn serve(socket: UdpSocket, shared: Arc<Shared>) {
    let socket = Arc::new(socket);
    let mut buffer = [0; 4_096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let request = Message::from_vec(&buffer[..length]).expect("a question");
        let kind = request.queries[0].query_type();
        shared
            .asked
            .lock()
            .expect("a lock")
            .push((kind, clock::now()));
        let says = (shared.says.lock().expect("a lock"))(kind);
        let late = match says {
            Says::Late(time, _) => time,
            _ => Duration::ZERO,
        };
        let Some(answer) = answer(&request, says) else {
            continue;
        };
        let socket = Arc::clone(&socket);
        tokio::spawn(async move {
            clock::sleep_until(clock::now() + late).await;
            socket.send_to(&answer, from).await.expect("it is sent");
        });
    }
}

fn answer(request: &Message, says: Says) -> Option<Vec<u8>> {
    let query = request.queries[0].clone();
    let mut name = query.name().clone();
    let mut answer = Message::response(request.metadata.id, OpCode::Query);
    answer.metadata.recursion_available = true;
    answer.add_query(query);
    let records = match says {
        Says::Nothing => return None,
        Says::Code(code) => {
            answer.metadata.response_code = code;
            Vec::new()
        }
        Says::Records(records) | Says::Late(_, records) => records,
        Says::Alias(ttl, records) => {
            let target = Name::from_ascii("target.internal.").expect("a name");
            let alias = RData::CNAME(CNAME(target.clone()));
            answer.add_answer(Record::from_rdata(name, ttl, alias));
            name = target;
            records
        }
    };
    for (address, ttl) in records {
        let data = match address.parse().expect("an address") {
            IpAddr::V4(v4) => RData::A(A(v4)),
            IpAddr::V6(v6) => RData::AAAA(AAAA(v6)),
        };
        answer.add_answer(Record::from_rdata(name.clone(), ttl, data));
    }
    Some(answer.to_vec().expect("an answer"))
}
