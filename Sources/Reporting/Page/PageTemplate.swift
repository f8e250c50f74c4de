import Execution
import Foundation
import Images
import Mustache
import Plots

extension Page {
  /// The page as HTML that is well-formed XML too.
  ///
  /// - Throws: `ImageFault` when a picture is too large for a PNG file.
  package var html: String {
    get throws {
      try PageTemplate.library().render(
        PageTemplate.Content(self), withTemplate: "page") ?? ""
    }
  }
}

/// How a page becomes HTML.
///
/// The text stands in the source: the command is one file, which a resource
/// beside it would break.
private enum PageTemplate {
  static func library() throws -> MustacheLibrary {
    MustacheContentTypes.register(MarkupText(), named: "MARKUP")
    return MustacheLibrary(templates: [
      "page": try MustacheTemplate(string: page),
      "block": try MustacheTemplate(string: block),
      "picture": try MustacheTemplate(string: picture),
    ])
  }

  /// Everything in two braces is escaped by this toolkit's own rules.
  private struct MarkupText: MustacheContentType {
    func escapeText(_ text: String) -> String { text.escapedForMarkup }
  }

  // A name that begins with a dot is looked up in the innermost object alone.
  private static let page = """
    {{% CONTENT_TYPE:MARKUP}}
    <!DOCTYPE html>
    <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
    <head>
    <meta charset="utf-8"/>
    <meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <meta name="color-scheme" content="light dark"/>
    <title>{{title}}</title>
    <style>
    {{{style}}}
    </style>
    </head>
    <body>
    <a class="skip" href="#content">Skip to the results</a>
    <header>
    <h1>{{title}}</h1>
    <p>{{lead}}</p>
    <nav aria-label="Sections">
    <ul>
    {{#sections}}
    <li><a href="#{{.id}}">{{.title}}</a></li>
    {{/sections}}
    </ul>
    </nav>
    </header>
    <main id="content" tabindex="-1">
    {{#sections}}
    <section aria-labelledby="{{.id}}">
    <h2 id="{{.id}}">{{.title}}</h2>
    {{#.blocks}}{{> block}}{{/.blocks}}
    </section>
    {{/sections}}
    </main>
    </body>
    </html>

    """

  private static let block = """
    {{% CONTENT_TYPE:MARKUP}}
    {{#.heading}}<h3>{{.}}</h3>
    {{/.heading}}
    {{#.paragraph}}<p>{{.}}</p>
    {{/.paragraph}}
    {{#.list}}
    <ul>
    {{#.items}}
    <li>{{.}}</li>
    {{/.items}}
    </ul>
    {{/.list}}
    {{#.code}}<pre tabindex="0"><code>{{.}}</code></pre>
    {{/.code}}
    {{#.table}}
    <div class="scroll" role="region" tabindex="0" aria-label="{{.caption}}">
    <table>
    <caption><span>{{.caption}}</span></caption>
    <thead><tr>
    {{#.head}}
    <th scope="col"{{#.isNumber}} class="number"{{/.isNumber}}>\
    {{.text}}</th>
    {{/.head}}
    </tr></thead>
    <tbody>
    {{#.rows}}
    <tr><th scope="row">{{.name}}</th>
    {{#.cells}}
    <td{{#.isNumber}} class="number"{{/.isNumber}}>\
    {{#.isBold}}<strong>{{/.isBold}}\
    {{#.exact}}<data value="{{.}}">{{/.exact}}{{.text}}\
    {{#.exact}}</data>{{/.exact}}\
    {{#.isBold}}</strong>{{/.isBold}}</td>
    {{/.cells}}
    </tr>
    {{/.rows}}
    </tbody>
    </table>
    </div>
    {{/.table}}
    {{#.figures}}
    <div class="figures">
    {{#.items}}
    <figure>
    {{#.isWide}}<div class="scroll" role="region" tabindex="0"\
     aria-label="{{.caption}}">{{/.isWide}}
    {{{.svg}}}
    {{#.isWide}}</div>{{/.isWide}}
    <figcaption>{{.caption}}</figcaption>
    </figure>
    {{/.items}}
    </div>
    {{/.figures}}
    {{#.gallery}}
    <h4>{{.title}}</h4>
    <ul class="gallery">
    {{#.exhibits}}
    <li><figure>
    {{#.overlaid}}<div class="overlaid">{{#.picture}}{{> picture}}{{/.picture}}\
    <div class="overlay" tabindex="0" role="group" aria-label="Heat map; its\
     edge can be drawn">{{#.overlay}}{{> picture}}{{/.overlay}}</div></div>\
    {{/.overlaid}}\
    {{#.pictures}}{{> picture}}{{/.pictures}}
    <figcaption>{{#.lines}}<span>{{.}}</span> {{/.lines}}\
    {{#.bars}}<span>{{.name}}</span> <meter min="0" max="1"\
     value="{{.length}}">{{.length}}</meter> {{/.bars}}</figcaption>
    </figure></li>
    {{/.exhibits}}
    </ul>
    {{/.gallery}}
    {{#.details}}
    <details{{#.isOpen}} open=""{{/.isOpen}}>
    <summary>{{.summary}}</summary>
    {{#.blocks}}{{> block}}{{/.blocks}}
    </details>
    {{/.details}}
    """

  private static let picture = """
    {{% CONTENT_TYPE:MARKUP}}
    <img src="data:image/png;base64,{{{.data}}}" alt="{{.name}}"\
     title="{{.name}}" width="{{.width}}" height="{{.height}}"/>
    """

  private static let style = """
    :root{color-scheme:light dark;--page:#fff;--ink:#1b1f24;--soft:#57606a;\
    --line:#d5dae0;--tint:#f4f6f8;--link:#0059a3}
    @media screen and (prefers-color-scheme:dark){:root{--page:#14171b;\
    --ink:#e6e9ed;--soft:#a5aeb8;--line:#363d45;--tint:#1d2228;--link:#7cbcff}}
    *{box-sizing:border-box}
    body{margin:0 auto;padding:1rem;max-width:75rem;background:var(--page);\
    color:var(--ink);font:1rem/1.5 system-ui,sans-serif;\
    overflow-wrap:break-word}
    h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
    h2{font-size:1.3rem;margin:2.5rem 0 .75rem;padding-top:.75rem;\
    border-top:1px solid var(--line)}
    h3{font-size:1.1rem;margin:2rem 0 .25rem}
    h4{font-size:.95rem;margin:1rem 0 .5rem}
    p{margin:.25rem 0 .75rem;max-width:60rem}
    a{color:var(--link)}
    nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:0;padding:0;\
    list-style:none}
    :focus-visible{outline:3px solid var(--link);outline-offset:2px}
    main:focus{outline:none}
    .skip{position:absolute;left:-99rem}
    .skip:focus{position:static}
    .scroll{overflow-x:auto;max-width:100%;background:\
    linear-gradient(90deg,var(--page) 50%,transparent) 0 0/2rem 100% local,\
    linear-gradient(-90deg,var(--page) 50%,transparent) 100% 0/2rem 100% local,\
    linear-gradient(90deg,var(--soft),transparent) 0 0/.6rem 100%,\
    linear-gradient(-90deg,var(--soft),transparent) 100% 0/.6rem 100%;\
    background-repeat:no-repeat}
    table{border-collapse:collapse;min-width:min(100%,60rem);margin:.5rem 0 1rem;\
    font-variant-numeric:tabular-nums}
    caption{text-align:left;color:var(--soft);padding-bottom:.25rem}
    caption{white-space:nowrap}caption span{display:block;\
    white-space:normal;width:min(60rem,88vw)}
    th,td{padding:.3rem .7rem;border-bottom:1px solid var(--line);\
    text-align:left;white-space:nowrap}
    thead th{border-bottom-width:2px;white-space:normal;\
    vertical-align:bottom}
    tbody th{position:sticky;left:0;background:var(--page)}
    .number{text-align:right}
    figure{margin:0}
    figcaption{color:var(--soft);font-size:.85rem}
    .figures{display:flex;flex-wrap:wrap;gap:1rem 2rem;margin:.5rem 0 1rem}
    .figures figure{max-width:100%}
    .figures figcaption{max-width:22rem}
    .plot{display:block;max-width:100%;height:auto}
    .scroll .plot{max-width:none}
    .gallery{display:grid;gap:.75rem;padding:0;margin:0 0 1rem;\
    list-style:none;\
    grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr))}
    .gallery li{min-width:0;background:var(--tint);padding:.5rem;\
    border-radius:4px}
    .gallery img{width:4.5rem;height:4.5rem;object-fit:contain;\
    image-rendering:pixelated;margin:0 .25rem .25rem 0;\
    background:var(--line)}
    .gallery img:only-of-type{width:6rem;height:6rem}
    .overlaid{position:relative;width:9rem;height:9rem;margin-bottom:.25rem}
    .gallery .overlaid img{display:block;width:9rem;height:9rem;margin:0;\
    max-width:none}
    .overlay{position:absolute;inset:0 auto 0 0;width:50%;min-width:1rem;\
    max-width:100%;overflow:hidden;resize:horizontal;\
    border-right:2px solid #fff}
    .overlay:focus-visible{width:100%!important}
    .gallery span{display:block;overflow-wrap:anywhere}
    .gallery span:first-child{color:var(--ink)}
    details{margin:.5rem 0}
    summary{cursor:pointer;color:var(--link);padding:.25rem 0}
    pre{background:var(--tint);padding:.75rem;overflow-x:auto;\
    border-radius:4px}
    code{font-family:ui-monospace,monospace;font-size:.9rem}
    @media (max-width:30rem){.gallery{grid-template-columns:repeat(2,1fr)}\
    table{font-size:.9rem}th,td{padding:.3rem .4rem}}
    @media print{body{max-width:none;padding:0;font-size:10pt}\
    nav,.skip{display:none}figure,tr,li{break-inside:avoid}\
    h2,h3,h4{break-after:avoid}.scroll{overflow:visible}\
    .scroll .plot{max-width:100%}\
    details::details-content{content-visibility:visible;block-size:auto}\
    pre{white-space:pre-wrap}*{print-color-adjust:exact}}
    \(PlotPalette.css)
    """
}

// MARK: What the template reads

extension PageTemplate {
  struct Content {
    var title: String
    var lead: String
    var style = PageTemplate.style
    var sections: [SectionContent]

    init(_ page: Page) throws {
      title = page.title
      lead = page.lead
      var names = FigureNames()
      sections = try page.sections.enumerated().map { index, section in
        SectionContent(
          id: "section-\(index + 1)", title: section.title,
          blocks: try section.blocks.map {
            try BlockContent($0, names: &names)
          })
      }
    }
  }

  struct SectionContent {
    var id: String
    var title: String
    var blocks: [BlockContent]
  }

  /// Counts figures: their elements need identifiers.
  struct FigureNames {
    private var count = 0

    mutating func next() -> String {
      count += 1
      return "figure-\(count)"
    }
  }

  /// One of these is not nil.
  struct BlockContent {
    var heading: String?
    var paragraph: String?
    var list: ItemsContent<String>?
    var code: String?
    var table: TableContent?
    var figures: ItemsContent<FigureContent>?
    var gallery: GalleryContent?
    var details: DetailsContent?

    init(_ block: Page.Block, names: inout FigureNames) throws {
      switch block {
      case .heading(let text): heading = text
      case .paragraph(let text): paragraph = text
      case .list(let items): list = ItemsContent(items: items)
      case .code(let text): code = text
      case .table(let table, let caption, let exact):
        self.table = TableContent(table, caption: caption, exact: exact)
      case .figures(let items):
        figures = ItemsContent(
          items: items.map { FigureContent($0, id: names.next()) })
      case .gallery(let title, let exhibits):
        gallery = GalleryContent(
          title: title,
          exhibits: try Parallel.map(exhibits.count) {
            try ExhibitContent(exhibits[$0])
          })
      case .details(let summary, let isOpen, let blocks):
        details = DetailsContent(
          summary: summary, isOpen: isOpen,
          blocks: try blocks.map { try BlockContent($0, names: &names) })
      }
    }
  }

  struct ItemsContent<Item> {
    var items: [Item]
  }

  struct TableContent {
    struct Cell {
      var text: String
      var exact: String?
      var isNumber: Bool
      var isBold = false
    }
    struct Row {
      var name: String
      var cells: [Cell]
    }

    var caption: String
    var head: [Cell]
    var rows: [Row]

    init(_ table: Table, caption: String, exact: Page.ExactValues) {
      self.caption = caption
      let isNumber = table.columns.map { $0.alignment == .right }
      head = zip(table.columns, isNumber).map {
        Cell(text: $0.title, isNumber: $1)
      }
      rows = table.rows.enumerated().map { row, cells in
        Row(
          name: cells.first ?? "",
          cells: cells.indices.dropFirst().map { column in
            let place = Table.Place(row: row, column: column)
            return Cell(
              text: cells[column], exact: exact[place].map { "\($0)" },
              isNumber: isNumber[column], isBold: table.bold.contains(place))
          })
      }
    }
  }

  struct FigureContent {
    var caption: String
    var svg: String
    /// Scrolls rather than shrinks on a narrow screen.
    var isWide: Bool

    init(_ figure: Page.Figure, id: String) {
      caption = figure.caption
      svg = figure.plot.svgElement(id: id)
      isWide = figure.plot.width > 320
    }
  }

  struct GalleryContent {
    var title: String
    var exhibits: [ExhibitContent]
  }

  struct ExhibitContent {
    struct Picture {
      var name: String
      var data: String
      var width: Int
      var height: Int

      init(_ name: String, _ image: RasterImage) throws {
        self.name = name
        data = try PNG.data(of: image).base64EncodedString()
        (width, height) = (image.shape.width, image.shape.height)
      }
    }
    struct Overlaid {
      var picture: Picture
      var overlay: Picture
    }

    struct Bar {
      var name: String
      var length: Double
    }

    var lines: [String]
    var bars: [Bar]
    var overlaid: Overlaid?
    /// Those that nothing is laid over.
    var pictures: [Picture]

    init(_ exhibit: Page.Exhibit) throws {
      lines = exhibit.lines
      bars = exhibit.bars.map { Bar(name: $0, length: $1) }
      pictures = try exhibit.pictures.map { try Picture($0, $1) }
      if let (name, image) = exhibit.overlay, !pictures.isEmpty {
        overlaid = Overlaid(
          picture: pictures.removeFirst(), overlay: try Picture(name, image))
      }
    }
  }

  struct DetailsContent {
    var summary: String
    var isOpen: Bool
    var blocks: [BlockContent]
  }
}
