struct User(u32);

#[resil::idempotent(key = (user, "payment", 7))]
async fn pay(user: User) -> Result<u32, resil::Error> {
    Ok(user.0)
}

fn main() {}
