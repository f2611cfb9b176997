use async_trait::async_trait;

#[async_trait]
trait Pay {
    async fn pay(&self, order: String) -> Result<usize, resil::Error>;
}

struct Bank;

#[async_trait]
impl Pay for Bank {
    #[resil::retry]
    #[resil::timeout(1s)]
    async fn pay(&self, order: String) -> Result<usize, resil::Error> {
        Ok(take(order))
    }
}

fn take(order: String) -> usize {
    order.len()
}

fn main() {}
