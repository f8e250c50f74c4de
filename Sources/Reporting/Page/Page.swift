import Foundation
import Images
import Plots

/// A report to be read in a browser: sections of text, tables, plots and
/// pictures, in one file that needs no other and no network.
public struct Page: Sendable {
  public struct Section: Sendable {
    public var title: String
    public var blocks: [Block]

    public init(_ title: String, _ blocks: [Block] = []) {
      self.title = title
      self.blocks = blocks
    }
  }

  public enum Block: Sendable {
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
  public typealias ExactValues = [Table.Place: Double]

  public struct Figure: Sendable {
    public var plot: Plot
    public var caption: String

    public init(_ plot: Plot, caption: String) {
      self.plot = plot
      self.caption = caption
    }
  }

  /// A sample with its pictures, if it has any.
  public struct Exhibit: Sendable {
    /// What is known about it, a line each.
    public var lines: [String]
    /// The pictures and what each of them shows.
    public var pictures: [(name: String, image: Image)]

    public init(
      lines: [String], pictures: [(name: String, image: Image)] = []
    ) {
      self.lines = lines
      self.pictures = pictures
    }
  }

  public var title: String
  /// What the reader should know first.
  public var lead: String
  public var sections: [Section]

  public init(title: String, lead: String, sections: [Section] = []) {
    self.title = title
    self.lead = lead
    self.sections = sections
  }
}
