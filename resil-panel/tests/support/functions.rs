//! Five hundred functions, as a large program has them.

use resil::timeout;

/// The error of a body.
#[derive(Debug)]
pub(crate) struct Fault;

impl From<resil::Error> for Fault {
    fn from(_: resil::Error) -> Self {
        Self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the other side is away")
    }
}

macro_rules! functions {
    ($($function:ident)*) => {
        $(
            #[timeout(5s)]
            async fn $function() -> Result<(), Fault> {
                Ok(())
            }
        )*
    };
}

macro_rules! modules {
    ($($module:ident)*) => {
        $(mod $module {
            use super::{Fault, timeout};
            functions! { f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 }
            pub(super) async fn call_all() {
                let _ = f0().await;
                let _ = f1().await;
                let _ = f2().await;
                let _ = f3().await;
                let _ = f4().await;
                let _ = f5().await;
                let _ = f6().await;
                let _ = f7().await;
                let _ = f8().await;
                let _ = f9().await;
            }
        })*

        /// Calls all of them once.
        pub(crate) async fn call_all() {
            $($module::call_all().await;)*
        }
    };
}

modules! {
    m00 m01 m02 m03 m04 m05 m06 m07 m08 m09 m10 m11 m12 m13 m14 m15 m16 m17 m18 m19 m20 m21 m22 m23 m24
    m25 m26 m27 m28 m29 m30 m31 m32 m33 m34 m35 m36 m37 m38 m39 m40 m41 m42 m43 m44 m45 m46 m47 m48 m49
}
