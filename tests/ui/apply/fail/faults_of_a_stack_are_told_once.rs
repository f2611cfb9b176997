//! All of them where the stack is defined; its uses are as they are written, and say nothing.
resil::stack! {
    pub PAY = #[circuit(failures = 0)]
        #[timeout(1s)]
        #[retry(max = 0, bse = 1s)]
        #[timeout(5)]
        #[timeout(2s)];
    TWICE = #[retry] #[circuit] #[retry(max = 2)];
    UNBOUND = #[retry(max = unlimited)];
}

#[resil::apply(PAY)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

struct Client;

impl Client {
    #[resil::apply(PAY, retry(max = 2))]
    async fn refund(&self) -> Result<u32, resil::Error> {
        Ok(1)
    }

    #[resil::apply(TWICE)]
    async fn get(&self) -> Result<u32, resil::Error> {
        Ok(1)
    }

    #[resil::apply(UNBOUND)]
    async fn list(&self) -> Result<u32, resil::Error> {
        Ok(1)
    }
}

fn main() {
    let _ = (pay(), Client.refund(), Client.get(), Client.list());
}
