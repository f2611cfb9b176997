//! A generic error that forwards to itself in a box.
#![deny(warnings)]
use resil::{Class, Classify};

#[derive(Debug, Classify)]
enum ClientError<T> {
    #[classify(forward)]
    Transport(T),
    #[classify(forward)]
    InBatch(Box<ClientError<T>>),
}

#[test]
fn main() {
    let lost = ClientError::Transport(std::io::Error::from(std::io::ErrorKind::TimedOut));
    assert_eq!(
        ClientError::InBatch(Box::new(lost)).classify(),
        Class::Transient
    );
}
