struct Request(String);

#[resil::retry(clone(request))]
async fn send(request: Request) -> Result<String, String> {
    Ok(request.0)
}

fn main() {}
