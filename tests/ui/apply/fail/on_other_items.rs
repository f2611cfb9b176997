resil::stack! {
    PAY = #[retry] #[timeout(1s)];
}

#[resil::apply(PAY)]
struct Client;

#[resil::apply(PAY)]
impl Client {}

#[resil::apply(PAY)]
mod clients {}

#[resil::apply(PAY)]
const LIMIT: fn() = main;

trait Pay {
    #[resil::apply(PAY)]
    async fn pay(&self) -> Result<u32, resil::Error>;
}

fn main() {
    let _ = Client;
}
