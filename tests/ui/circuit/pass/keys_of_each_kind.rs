//! One breaker for each host, tenant, shard, address: told by text, whatever the type.
#![deny(warnings, unused_qualifications)]
use std::fmt;
use std::net::Ipv4Addr;

use resil::{CircuitState, Error, breaker, circuit};

#[derive(Clone, Copy)]
struct Shard {
    region: char,
    number: u8,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.region, self.number)
    }
}

#[circuit(name = "by-host", key = host)]
async fn by_str(host: &str) -> Result<usize, Error> {
    Ok(host.len())
}

#[circuit(name = "by-tenant", key = tenant)]
async fn by_string(tenant: String) -> Result<String, Error> {
    Ok(tenant)
}

#[circuit(name = "by-number", key(number % 4))]
async fn by_integer(number: u64) -> Result<u64, Error> {
    Ok(number)
}

#[circuit(name = "by-address", key = address)]
async fn by_address(address: Ipv4Addr) -> Result<Ipv4Addr, Error> {
    Ok(address)
}

struct Cluster {
    shard: Shard,
}

impl Cluster {
    #[circuit(name = "by-shard", key = self.shard)]
    async fn by_field(&self) -> Result<u8, Error> {
        Ok(self.shard.number)
    }

    #[circuit(name = "by-shard-and-table", key = format!("{}/{table}", self.shard))]
    async fn by_text(&self, table: &str) -> Result<usize, Error> {
        Ok(table.len())
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let cluster = Cluster {
        shard: Shard {
            region: 'e',
            number: 7,
        },
    };
    for (name, key) in [
        ("by-host", "db.example.com"),
        ("by-tenant", "acme"),
        ("by-number", "3"),
        ("by-address", "10.0.0.1"),
        ("by-shard", "e7"),
        ("by-shard-and-table", "e7/users"),
    ] {
        breaker(name).key(key).force_open();
    }
    assert!(by_str("db.example.com").await.is_err());
    assert!(by_str("web.example.com").await.is_ok());
    assert!(by_string("acme".to_owned()).await.is_err());
    assert_eq!(
        by_string("globex".to_owned()).await.as_deref(),
        Ok("globex")
    );
    assert!(by_integer(7).await.is_err());
    assert_eq!(by_integer(8).await, Ok(8));
    assert!(by_address([10, 0, 0, 1].into()).await.is_err());
    assert!(by_address(Ipv4Addr::LOCALHOST).await.is_ok());
    assert!(cluster.by_field().await.is_err());
    assert!(cluster.by_text("users").await.is_err());
    assert_eq!(cluster.by_text("orders").await, Ok(6));
    assert_eq!(
        breaker("by-host").key("web.example.com").state(),
        CircuitState::Closed
    );
}
