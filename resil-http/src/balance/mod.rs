//! Client-side load balancing: which endpoint a request goes to.
//!
//! A [`Balancer`] knows the [`Endpoints`] of a service: a list, the addresses of a name in DNS, or what a stream
//! tells. For each request it [picks](Balancer::pick) one by its [`Strategy`], leaves out those that fail (each has
//! a circuit breaker, and at most half of them are out at once), and lets one that is new or back
//! [start slowly](SlowStart). What came of the request is reported with [`Picked::end`].
//!
//! From the bottom up: `origin`, `endpoint` and `error`, the parts of a choice (`peak_ewma`, `rendezvous`, `slow_start`,
//! `mask`), `common` and `node` with what is known of all and of each endpoint, `set` with those of one moment,
//! `choice`, and `balancer`, which the `source`s tell of changes. Beside them `pool`, `own_clients`,
//! `aged` and `connector` are about the connections.

mod aged;
mod balancer;
mod choice;
mod common;
mod connector;
mod endpoint;
mod endpoints;
mod error;
mod mask;
mod node;
mod origin;
mod own_clients;
mod peak_ewma;
mod picked;
mod pool;
mod rendezvous;
mod set;
mod settings;
mod slow_start;
mod source;
mod stats;
mod strategy;

pub use self::balancer::Balancer;
pub use self::connector::Connections;
pub(crate) use self::connector::{Counted, Counting, Watch, Watched, Watching};
pub use self::endpoint::Endpoint;
pub use self::endpoints::Endpoints;
pub use self::error::{BalanceError, EndpointFault, EndpointsError};
pub use self::mask::MAX_ENDPOINTS;
pub(crate) use self::origin::Origin;
pub use self::picked::Picked;
pub use self::pool::{Pool, PooledClient, PooledStats, WarmedUp};
pub use self::settings::BalancerBuilder;
pub use self::slow_start::SlowStart;
pub use self::source::dns::{Dns, Family};
pub use self::stats::{EndpointStats, PoolStats};
pub use self::strategy::Strategy;
