use async_trait::async_trait;

#[async_trait]
trait Count {
    async fn count(&self, count: u32) -> Result<u32, String>;
}

struct Up;

#[async_trait]
impl Count for Up {
    #[resil::retry]
    async fn count(&self, mut count: u32) -> Result<u32, String> {
        count += 1;
        Ok(count)
    }
}

fn main() {}
