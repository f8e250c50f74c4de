import Foundation
import Images
import Plots

/// A report to be read in a browser: sections of text, tables, plots and
/// pictures, in one file that needs no other and no network.
package struct Page: Sendable {
  package struct Section: Sendable {
    package var title: String
    package var blocks: [Block]

    package init(_ title: String, _ blocks: [Block] = []) {
      self.title = title
      self.blocks = blocks
    }
  }

  package enum Block: Sendable {
    case heading(String)
    case paragraph(String)
    case list([String])
    /// Shown as it is, such as a command line.
    case code(String)
    case table(Table, caption: String, exact: ExactValues = [:])
    /// Side by side where there is room.
    case figures([Figure])
    case gallery(title: String, [Exhibit])
    /// Opens and closes by its summary.
    case details(summary: String, isOpen: Bool, [Block])
  }

  /// The unrounded figures of a table's cells, by row and column.
  package typealias ExactValues = [Table.Place: Double]

  package struct Figure: Sendable {
    package var plot: VectorPlot
    package var caption: String

    package init(_ plot: VectorPlot, caption: String) {
      self.plot = plot
      self.caption = caption
    }
  }

  /// A sample with its pictures, if it has any.
  package struct Exhibit: Sendable {
    /// What is known about it, a line each.
    package var lines: [String]
    /// Parts of a whole, each from 0 to 1, drawn below the lines.
    package var bars: [(name: String, length: Double)] = []
    /// The pictures and what each of them shows.
    package var pictures: [(name: String, image: RasterImage)]
    /// Laid over the first picture, and drawn off it by its edge.
    package var overlay: (name: String, image: RasterImage)?

    package init(
      lines: [String], pictures: [(name: String, image: RasterImage)] = []
    ) {
      self.lines = lines
      self.pictures = pictures
    }
  }

  package var title: String
  /// What the reader should know first.
  package var lead: String
  package var sections: [Section]

  package init(title: String, lead: String, sections: [Section] = []) {
    self.title = title
    self.lead = lead
    self.sections = sections
  }
}
