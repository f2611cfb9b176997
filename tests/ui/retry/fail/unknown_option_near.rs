use resil::retry;

#[retry(mxa = 5, jiter = equal, unles(Gone))]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
