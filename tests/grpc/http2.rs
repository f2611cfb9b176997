//! A server of HTTP/2 frames, as far as a call needs it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::Code;

/// An HTTP/2 frame (RFC 9113, section 4.1).
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut out = length[1..].to_vec();
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const GOAWAY: u8 = 7;
/// And, of `SETTINGS`, `ACK`.
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

pub(super) const NO_ERROR: u32 = 0;
pub(super) const INTERNAL_ERROR: u32 = 2;
pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const CANCEL: u32 = 8;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;
pub(super) const INADEQUATE_SECURITY: u32 = 12;
pub(super) const HTTP_1_1_REQUIRED: u32 = 13;

/// All streams up to `last` will be served.
pub(super) fn goaway(last: u32, code: u32) -> Vec<u8> {
    let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
    frame(GOAWAY, 0, 0, &payload)
}

pub(super) fn reset(code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, 1, &code.to_be_bytes())
}

/// Fields as literals without an index (RFC 7541, section 6.2.2).
pub(super) fn literals(block: &mut Vec<u8>, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.as_bytes());
        }
    }
}

/// A response's headers, with the status 200.
pub(super) fn headers(stream: u32, end: bool, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = vec![0x88];
    literals(&mut block, fields);
    frame(HEADERS, END_HEADERS | u8::from(end), stream, &block)
}

pub(super) fn trailers(stream: u32, code: &str) -> Vec<u8> {
    let mut block = Vec::new();
    literals(&mut block, &[("grpc-status", code)]);
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
}

pub(super) const GRPC: (&str, &str) = ("content-type", "application/grpc");

pub(super) fn answer(code: Code, more: &[(&str, &str)]) -> Vec<u8> {
    let code = (code as i32).to_string();
    let mut fields = vec![GRPC, ("grpc-status", &code)];
    fields.extend(more);
    headers(1, true, &fields)
}

/// The beginning of a connection.
pub(super) async fn open(stream: &mut TcpStream, settings: &[u8]) {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    let settings = frame(SETTINGS, 0, 0, settings);
    stream.write_all(&settings).await.unwrap();
}

/// Reads until a request's headers have come, and says of which stream.
pub(super) async fn request(stream: &mut TcpStream) -> std::io::Result<u32> {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await?;
        match head[3] {
            SETTINGS if head[4] & END_STREAM == 0 => {
                let ack = frame(SETTINGS, END_STREAM, 0, &[]);
                stream.write_all(&ack).await?;
            }
            HEADERS => return Ok(u32::from_be_bytes([head[5], head[6], head[7], head[8]])),
            _ => {}
        }
    }
}

/// A server that answers the first request of each connection with `said`, and hangs up.
pub(super) async fn server(said: Vec<Vec<u8>>, hang_up: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let said = said.clone();
            tokio::spawn(async move {
                open(&mut stream, &[]).await;
                request(&mut stream).await.unwrap();
                for frame in &said {
                    stream.write_all(frame).await.unwrap();
                }
                if hang_up {
                    stream.shutdown().await.unwrap();
                }
                // What the client still sends is read, so that no reset overtakes the answer.
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
            });
        }
    });
    at
}
