//! One-page PDF documents of plain lines that hold any text.
//!
//! Western European letters are set in a font that every reader has. Any other character is drawn as a
//! box with its code point in it and keeps its meaning: copying, searching and extracting the text give
//! the character back. No font file is embedded, so the same lines always give the same bytes.

mod boxes;
mod text;

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use boxes::Boxes;
use text::{Piece, lines};

const FONT: Name<'static> = Name(b"F1");
/// As many lines as fit below the title.
const MOST_LINES: usize = 30;

/// A page under construction.
#[derive(Debug)]
pub(crate) struct Page {
    title: String,
    /// Each with its size; an empty one is a gap.
    lines: Vec<(String, u8)>,
}

impl Page {
    pub(crate) fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            lines: Vec::new(),
        }
    }

    /// Adds a line. One that is too long goes on in the next; what does not fit on the page is left
    /// out.
    pub(crate) fn line(&mut self, text: &str) {
        self.lines.push((text.to_owned(), 12));
    }

    /// Adds a line in larger letters.
    pub(crate) fn large_line(&mut self, text: &str) {
        self.lines.push((text.to_owned(), 16));
    }

    pub(crate) fn gap(&mut self) {
        self.line("");
    }

    /// The file.
    pub(crate) fn finish(self) -> Vec<u8> {
        let [catalog, pages, page, font, contents, info] = [1, 2, 3, 4, 5, 6].map(Ref::new);
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(pages);
        pdf.document_info(info)
            .title(TextStr(&self.title))
            .producer(TextStr("accredit-sandbox"));
        pdf.pages(pages).kids([page]).count(1);
        let mut boxes = Boxes::default();
        let content = self.content(&mut boxes);
        let box_fonts = boxes.write(&mut pdf, Ref::new(info.get() + 1));
        let mut sheet = pdf.page(page);
        sheet
            .parent(pages)
            .media_box(Rect::new(0.0, 0.0, 612.0, 792.0))
            .contents(contents);
        let mut resources = sheet.resources();
        let mut fonts = resources.fonts();
        fonts.pair(FONT, font);
        for (name, font) in &box_fonts {
            fonts.pair(Name(name.as_bytes()), *font);
        }
        fonts.finish();
        resources.finish();
        sheet.finish();
        pdf.type1_font(font)
            .base_font(Name(b"Helvetica"))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
        pdf.stream(contents, &content);
        pdf.finish()
    }

    fn content(&self, boxes: &mut Boxes) -> Vec<u8> {
        let mut content = Content::new();
        content
            .begin_text()
            .set_font(FONT, 20.0)
            .next_line(72.0, 700.0);
        for piece in lines(&self.title, 20).iter().flatten() {
            show(&mut content, boxes, piece, 20);
        }
        content.set_leading(20.0).next_line(0.0, -40.0);
        let laid_out = self.lines.iter().flat_map(|(text, size)| {
            let lines = lines(text, *size).into_iter();
            lines.map(|line| (line, *size))
        });
        for (line, size) in laid_out.take(MOST_LINES) {
            for piece in &line {
                show(&mut content, boxes, piece, size);
            }
            content.next_line_using_leading();
        }
        content.end_text();
        content.finish().into_vec()
    }
}

fn show(content: &mut Content, boxes: &mut Boxes, piece: &Piece, size: u8) {
    match piece {
        Piece::Latin(bytes) => {
            content.set_font(FONT, size.into()).show(Str(bytes));
        }
        Piece::Other(character) => {
            let (font, code) = boxes.place(*character);
            content
                .set_font(Name(font.as_bytes()), size.into())
                .show(Str(&[code]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_lines_are_the_same_bytes() {
        let made = || {
            let mut page = Page::new("Certificate");
            page.line("张伟 Zoë Дмитрий 𠮷 محمد");
            page.gap();
            page.finish()
        };
        assert_eq!(made(), made());
    }

    #[test]
    fn a_name_without_end_makes_a_small_file() {
        let mut page = Page::new("Certificate");
        let name: String = ('\u{4e00}'..'\u{9fff}').collect();
        page.line(&name);
        assert!(page.finish().len() < 2_000_000);
    }
}
