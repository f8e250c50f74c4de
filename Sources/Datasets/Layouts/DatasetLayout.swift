import Diagnostics
import Execution
import Foundation
import Parameters

/// One way in which data lies on disk.
///
/// A new one is a file that conforms a type to this protocol, and a line in
/// `DatasetKind.layouts`.
protocol DatasetLayout {
  /// The word for it on the command line, in studies and in reports.
  static var name: String { get }
  /// What it looks like, such as "a .csv with a header".
  static var summary: String { get }
  /// What can be set of it, besides what can be set of every layout.
  static var parameters: [Parameter<DatasetOptions>] { get }

  /// What at a place looks like it, in a few words; nil when nothing does.
  static func sign(of place: Folder) throws -> String?

  /// Finds the samples; images and mapped arrays are read later.
  ///
  /// - Parameter name: What the file or folder is called.
  static func read(
    _ place: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory]
}

/// A layout that can be written too.
protocol WritableLayout: DatasetLayout {
  static func write(
    _ dataset: Dataset, to url: URL, by writer: DatasetWriter
  ) throws
}

extension DatasetLayout {
  static var parameters: [Parameter<DatasetOptions>] { [] }

  static var kind: DatasetKind { DatasetKind(Self.self) }

  /// Why a dataset cannot be written in this layout.
  static func unwritable(_ problem: FaultMessage) -> DatasetFault {
    let writable = DatasetKind.layouts.filter { $0 is any WritableLayout.Type }
      .map { $0.name }.filter { $0 != name }
    return .unusableOption(
      name: "convert to \(name)", problem: problem,
      remedy: "use \(writable.joined(separator: ", "))")
  }
}

/// A layout that a dataset may have.
public struct DatasetKind: RawRepresentable, Codable, Hashable, Sendable {
  /// The word for it on the command line and in JSON.
  public let rawValue: String

  /// The layout of that name; nil when there is none.
  public init?(rawValue: String) {
    guard Self.layouts.contains(where: { $0.name == rawValue }) else {
      return nil
    }
    self.rawValue = rawValue
  }

  init(_ layout: any DatasetLayout.Type) { rawValue = layout.name }

  /// All layouts, in the order in which they are recognised.
  static var layouts: [any DatasetLayout.Type] {
    [
      NPYLayout.self, IDXLayout.self, VisALayout.self, KolektorLayout.self,
      MVTecLayout.self, FoldersLayout.self, ClassFoldersLayout.self,
      NPZLayout.self, CSVLayout.self,
    ]
  }

  /// What it looks like, such as "a .csv with a header".
  public var summary: String { layout.summary }

  /// - Throws: `ParameterFault` for an option that was given and that this
  ///   layout does not have, or that has an impossible value.
  func check(_ options: DatasetOptions) throws {
    for (parameter, kinds) in DatasetOptions.layoutParameters {
      if kinds.contains(self) {
        try parameter.check(options)
      } else if !parameter.values(of: options).isEmpty {
        throw ParameterFault.unknown(
          parameter.option, owner: rawValue, owners: kinds.map(\.rawValue))
      }
    }
  }

  var layout: any DatasetLayout.Type {
    guard let layout = Self.layouts.first(where: { $0.name == rawValue })
    else { preconditionFailure("a kind is made of a layout") }
    return layout
  }
}

extension DatasetKind: CaseIterable {
  /// In the order of the help.
  public static var allCases: [DatasetKind] { layouts.map(DatasetKind.init) }

  /// What all layouts look like, in one sentence.
  public static var summary: String {
    layouts.dropLast().map { $0.summary }.joined(separator: "; ")
      + (layouts.last.map { "; or \($0.summary)" } ?? "")
  }
}

extension DatasetOptions {
  /// What can be set of some layouts, each by its name once.
  package static var layoutParameters:
    [(parameter: Parameter<DatasetOptions>, kinds: [DatasetKind])]
  {
    var all: [(parameter: Parameter<DatasetOptions>, kinds: [DatasetKind])] = []
    for kind in DatasetKind.allCases {
      for parameter in kind.layout.parameters {
        if let place = all.firstIndex(where: {
          $0.parameter.name == parameter.name
        }) {
          all[place].kinds.append(kind)
        } else {
          all.append((parameter, [kind]))
        }
      }
    }
    return all
  }

  /// All that can be set, of any layout.
  package static var allParameters: [Parameter<DatasetOptions>] {
    parameters + layoutParameters.map(\.parameter)
  }
}
