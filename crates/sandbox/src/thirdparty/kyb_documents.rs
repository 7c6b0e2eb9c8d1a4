//! Documents about a company, uploaded as a PDF.
//!
//! `storage_content` is a file of a multipart form, or, more leniently than Django, any non-empty
//! text of a JSON body.

use http::StatusCode;
use rusqlite::{OptionalExtension, params};

use super::fields::{Fields, Presence};
use super::filters::{Column, Holds, Resource, column};
use super::{errors, pagination};
use crate::call::Call;
use crate::clock::Moment;
use crate::json::{Json, object};
use crate::reply::{Outcome, Reply};

static RESOURCE: Resource = Resource {
    table: "kyb_documents i",
    key: "i.id",
    joins: &[],
    columns: &COLUMNS,
    predicates: &[],
    search: &["i.file_name"],
};

const COLUMNS: [Column; 6] = [
    column("created_at", "i.created_at", Holds::Timestamp),
    column("entity", "i.entity_id", Holds::Reference("entities")),
    column("id", "i.id", Holds::Integer),
    column("side", "i.side", Holds::Text),
    column("type", "i.type", Holds::Text),
    column("verified", "i.verified", Holds::Boolean),
];

/// Django's default for the names of uploaded files.
pub(super) const NAME_LENGTH: usize = 100;

/// `GET /api_third_party/kyb_documents/`
pub(crate) fn list(call: &Call<'_>) -> Outcome {
    pagination::page(call, &RESOURCE, |id| {
        Ok(read(call, id)?.unwrap_or(Json::Null))
    })
}

/// `GET /api_third_party/kyb_documents/{id}/`
pub(crate) fn retrieve(call: &Call<'_>) -> Outcome {
    let id = super::object_id(call, "KYBDocument")?;
    let document = read(call, id)?.ok_or_else(|| errors::no_match(call, "KYBDocument"))?;
    Ok(Reply::ok(&document))
}

/// `POST /api_third_party/kyb_documents/`
pub(crate) fn create(call: &Call<'_>) -> Outcome {
    let mut fields = Fields::of(call)?;
    let entity = fields.reference(call, "entity", "entities")?;
    let kind = fields.choice("type", Presence::Required, &["other"]);
    let side = fields.choice("side", Presence::Required, &["front", "back"]);
    let (name, content) = match fields.file("storage_content") {
        Some(file) => {
            let extension = extension(&file.name);
            let length = file.name.chars().count();
            if length > NAME_LENGTH {
                let message = format!(
                    "Ensure this filename has at most {NAME_LENGTH} characters (it has {length})."
                );
                fields.complain("storage_content", message);
            } else if file.content.is_empty() {
                fields.complain("storage_content", "The submitted file is empty.");
            } else if extension != "pdf" {
                let message = format!(
                    "File extension “{extension}” is not allowed. Allowed extensions are: pdf."
                );
                fields.complain("storage_content", message);
            }
            (Some(file.name.clone()), Some(file.content.to_vec()))
        }
        None => match fields.values().get("storage_content") {
            None => {
                fields.complain("storage_content", "No file was submitted.");
                (None, None)
            }
            Some(serde_json::Value::Null) => {
                fields.complain("storage_content", "This field may not be null.");
                (None, None)
            }
            Some(serde_json::Value::String(text))
                if !fields.is_form()
                    && !text.is_empty()
                    && call.shared.switches.kyb_upload_text.is("accepted") =>
            {
                (None, Some(text.clone().into_bytes()))
            }
            Some(_) => {
                let message =
                    "The submitted data was not a file. Check the encoding type on the form.";
                fields.complain("storage_content", message);
                (None, None)
            }
        },
    };
    fields.check()?;
    call.db.execute(
        "INSERT INTO kyb_documents (entity_id, type, side, file_name, content, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![entity, kind, side, name, content, call.now_text()],
    )?;
    let document = read(call, call.db.last_insert_rowid())?.unwrap_or(Json::Null);
    Ok(Reply::json(StatusCode::CREATED, &document))
}

/// The end of a file's name as Python's `Path.suffix` gives it, in lower case.
fn extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension.to_lowercase(),
        _ => String::new(),
    }
}

fn read(call: &Call<'_>, id: i64) -> rusqlite::Result<Option<Json>> {
    call.db
        .prepare_cached(
            "SELECT created_at, entity_id, type, side, verified FROM kyb_documents WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(object! {
                "id": id,
                "created_at": row.get::<_, Moment>("created_at")?,
                "entity": row.get::<_, i64>("entity_id")?,
                "type": row.get::<_, String>("type")?,
                "side": row.get::<_, String>("side")?,
                "verified": row.get::<_, bool>("verified")?,
            })
        })
        .optional()
}
