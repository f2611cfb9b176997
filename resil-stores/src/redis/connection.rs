//! The link between the store and its server. It is a connection manager of the store's own, which
//! is made at the first step and replaced when it has become useless, or a connection that the user
//! brings.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, ErrorKind, RedisError, RedisResult};

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
    number: u64,
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

    /// Notes that a step failed with `error`, and drops the manager if it is of no use any more.
    ///
    /// After a timeout nobody may answer on the connection again: a host that vanished sends no
    /// reset. After a refused log-in the manager would answer with that refusal for ever. The next
    /// step makes a new manager.
    pub(super) fn ended(&self, held: &Held, error: &RedisError) {
        let Self::Own(own) = self else { return };
        let refused = matches!(
            error.kind(),
            ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig
        );
        if error.is_timeout() || refused {
            let mut slot = own.slot();
            if slot.number == held.number {
                slot.manager = None;
            }
        }
    }
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
