use async_trait::async_trait;

struct Gone;

#[async_trait]
trait Pay {
    async fn pay(&self, amount: u32) -> Result<u32, Gone>;
}

struct Bank;

#[async_trait]
impl Pay for Bank {
    #[resil::timeout(5s)]
    async fn pay(&self, amount: u32) -> Result<u32, Gone> {
        Ok(amount)
    }
}

fn main() {}
