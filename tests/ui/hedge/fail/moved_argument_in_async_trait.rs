use resil::hedge;

struct Client;

#[async_trait::async_trait]
trait Send {
    async fn send(&self, message: String) -> Result<String, String>;
}

#[async_trait::async_trait]
impl Send for Client {
    #[hedge(after = 50ms)]
    async fn send(&self, message: String) -> Result<String, String> {
        Ok(message)
    }
}

fn main() {}
