//! Redirects: an error like any other, to the same origin as to another one. None is followed, and
//! none is repeated; the other origin hears nothing.

use crate::expect::refused;
use crate::fault::{Fault, Place, each};
use crate::script::{connection, read, reply, secure};

pub(super) fn faults() -> Vec<Fault> {
    const HERE: &str = "location: /elsewhere/";
    const THERE: &str = "location: {trap}/elsewhere/";
    let redirect = |name, code, location| {
        each(name, connection([read(), reply(code, &[location], "")])).all(refused(code))
    };
    vec![
        redirect("moved_301_same_origin", 301, HERE),
        redirect("moved_301_foreign_origin", 301, THERE),
        redirect("found_302_same_origin", 302, HERE),
        redirect("found_302_foreign_origin", 302, THERE),
        redirect("see_other_303_same_origin", 303, HERE),
        redirect("see_other_303_foreign_origin", 303, THERE),
        redirect("temporary_307_same_origin", 307, HERE),
        redirect("temporary_307_foreign_origin", 307, THERE),
        redirect("permanent_308_same_origin", 308, HERE),
        redirect("permanent_308_foreign_origin", 308, THERE),
        redirect("redirect_without_location", 302, "x-nothing: here"),
        redirect(
            "redirect_to_an_invalid_location",
            302,
            "location: http://[::bad/",
        ),
        redirect("redirect_with_a_wait", 302, "retry-after: 1").all(refused(302).hint(1)),
        each(
            "redirect_from_tls_to_clear_text",
            secure([read(), reply(308, &[THERE], "")]),
        )
        .at(Place::Tls)
        .all(refused(308)),
    ]
}
