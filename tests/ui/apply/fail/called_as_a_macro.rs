//! A stack is a macro to rustc, and to nobody else.
resil::stack! {
    PAY = #[retry];
}

PAY! {}

fn main() {
    let _: u32 = PAY!(1);
}
