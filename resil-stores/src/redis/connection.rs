//! The link between the store and its server. It is a connection manager of the store's own, which
//! is made at the first step and replaced when it has become useless, or a connection that the user
//! brings.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};

type Boxed = Box<dyn ConnectionLike + Send>;

/// A connection that the user brings.
pub(super) trait Ready: Send + Sync {
    fn connection(&self) -> Boxed;
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Ready for C {
    fn connection(&self) -> Boxed {
        Box::new(self.clone())
    }
}

#[derive(Clone)]
pub(super) enum Link {
    Own(Arc<Own>),
    Ready(Arc<dyn Ready>),
}

pub(super) struct Own {
    client: Client,
    manager: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    manager: Option<ConnectionManager>,
    /// The number of the manager. Many steps may fail on one manager, and only that one is dropped.
    number: u64,
}

/// A connection, and the number of the manager that it comes from.
pub(super) struct Held {
    pub(super) connection: Boxed,
    pub(super) number: u64,
}

impl Link {
    pub(super) fn own(client: Client) -> Self {
        let manager = Mutex::default();
        Self::Own(Arc::new(Own { client, manager }))
    }

    /// Returns a connection for one step. It must be called within a tokio runtime.
    pub(super) fn get(&self, timeout: Duration) -> RedisResult<Held> {
        match self {
            Self::Ready(ready) => Ok(Held {
                connection: ready.connection(),
                number: 0,
            }),
            Self::Own(own) => own.get(timeout),
        }
    }

    /// Returns what a command was answered over the manager of this number, and drops the manager if it
    /// is of no use any more. The next step makes a new one, which connects anew.
    pub(super) fn read(&self, number: u64, answer: RedisResult<Value>) -> RedisResult<Value> {
        // The driver returns an error that the server sent as a value here.
        let (is_useless, read) = match answer {
            Ok(value) => match value.extract_error() {
                Ok(value) => return Ok(value),
                Err(e) => (is_of_a_replica(&e), Err(e)),
            },
            Err(e) => (has_no_connection(&e), Err(e)),
        };
        if is_useless && let Self::Own(own) = self {
            let mut slot = own.slot();
            if slot.number == number {
                slot.manager = None;
            }
        }
        read
    }
}

/// Returns whether the server says that it takes no writes. After a failover the address may lead to
/// another server, and the connection stays at what is a replica now.
fn is_of_a_replica(error: &RedisError) -> bool {
    let is_replica = matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
    );
    // Before Redis 7 an error inside a script has the code in its text.
    is_replica
        || error
            .detail()
            .is_some_and(|said| said.contains("-READONLY"))
}

/// Returns whether a command that got no answer has shown that the manager has no connection, and will not
/// make another one by itself.
///
/// After a timeout nobody may answer on the connection again: a host that vanished sends no reset. And a
/// manager whose server refused the log-in, or the database, would answer with that refusal for ever. Only
/// a connection that was lost is one that it makes anew.
fn has_no_connection(error: &RedisError) -> bool {
    error.is_timeout() || !error.is_io_error()
}

impl Own {
    fn slot(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.manager.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, timeout: Duration) -> RedisResult<Held> {
        let mut slot = self.slot();
        let manager = if let Some(manager) = &slot.manager {
            manager.clone()
        } else {
            // Few tries and short waits: the steps themselves try again, and a server that is back
            // is found at once.
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(timeout))
                .set_response_timeout(Some(timeout))
                .set_number_of_retries(2)
                .set_min_delay(Duration::from_millis(20))
                .set_max_delay(Duration::from_millis(200))
                .set_pipeline_buffer_size(1024);
            let manager = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
            slot.number += 1;
            slot.manager = Some(manager.clone());
            manager
        };
        Ok(Held {
            connection: Box::new(manager),
            number: slot.number,
        })
    }
}
