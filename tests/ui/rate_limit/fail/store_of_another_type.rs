use resil::idempotency::Shared;
use resil::idempotency::store::Memory;
use resil::rate_limit;

struct Client {
    records: Shared,
}

impl Client {
    #[rate_limit(max = 100, per = 1s, store = self.records)]
    async fn stock(&self, item: &str) -> Result<usize, resil::Error> {
        Ok(item.len())
    }
}

#[rate_limit(max = 100, per = 1s, store = limits)]
async fn unknown(item: &str) -> Result<usize, resil::Error> {
    Ok(item.len())
}

struct Tenant;

#[rate_limit(max = 100, per = 1s, store = "shared", key = tenant)]
async fn of_a_tenant(tenant: &Tenant) -> Result<usize, resil::Error> {
    Ok(0)
}

fn main() {
    let _ = Client {
        records: Shared::new(Memory::default()),
    };
}
