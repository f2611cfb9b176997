//! Not guessed: the message shows the attributes to write.
resil::stack! {
    PAY = #[circuit(name = "pay")] #[timeout(5s)] #[retry(max = 4)] #[timeout(800ms)];
}

#[resil::apply(PAY, timeout(2s))]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
