//! Checks that a function of which copies run beside each other takes nothing by `&mut`.

use quote::ToTokens;
use syn::{FnArg, GenericArgument, PathArguments, ReceiverKind, Type};

use crate::diag::{Diag, help};
use crate::input::Input;

/// Checks that no argument is a `&mut`, as only one of the copies could have it. `policy` is the one that
/// starts the copies.
pub(super) fn check_unique_arguments(input: &Input, policy: &str, diag: &Diag) {
    for arg in &input.sig.inputs {
        match arg {
            FnArg::Receiver(receiver) => {
                let unique = match &receiver.kind {
                    ReceiverKind::Reference(_, _, mutability) => mutability.is_some(),
                    ReceiverKind::Typed(_, ty) => is_unique(ty),
                    _ => false,
                };
                if unique {
                    let what = receiver.to_token_stream();
                    diag.error(
                        &what,
                        help(
                            format!("`#[{policy}]` on a method with `&mut self`: two copies that run at once can't both change it"),
                            "write `&self`, with what changes behind a `Mutex` or an atomic",
                        ),
                    );
                }
            }
            FnArg::Typed(arg) if is_unique(&arg.ty) => {
                let name = arg.pat.to_token_stream();
                diag.error(
                    &arg.ty,
                    help(
                        format!("`{name}` is a `&mut` argument of a function with `#[{policy}]`: two copies that run at once can't both change it"),
                        "take `&`, with what changes behind a `Mutex` or an atomic, or return the change",
                    ),
                );
            }
            FnArg::Typed(_) => {}
        }
    }
}

/// Whether the type is written `&mut ..` or `Pin<&mut ..>`.
fn is_unique(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => reference.mutability.is_some(),
        Type::Group(group) => is_unique(&group.elem),
        Type::Paren(paren) => is_unique(&paren.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let PathArguments::AngleBracketed(list) = &last.arguments else {
                return false;
            };
            let unique =
                |arg: &GenericArgument| matches!(arg, GenericArgument::Type(ty) if is_unique(ty));
            last.ident == "Pin" && list.args.iter().any(unique)
        }),
        _ => false,
    }
}
