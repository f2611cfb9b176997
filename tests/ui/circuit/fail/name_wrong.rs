use resil::circuit;

#[circuit("pay")]
async fn without_option() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(name = pay)]
async fn without_quotes() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(name = "")]
async fn empty() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(name = "the bank/pay")]
async fn letters() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
