import Diagnostics
import Files
import Foundation
import LinearAlgebra

extension Dataset {
  /// Finds the samples of a dataset; images and mapped arrays are read later.
  ///
  /// - Throws: `FileFault` or `DatasetFault`.
  public init(at url: URL, options: DatasetOptions = DatasetOptions()) throws {
    let url = url.standardizedFileURL
    let folder = Folder(url: url)
    let name = folder.exists ? url.lastPathComponent : url.stem
    let kind = try options.kind ?? Self.kind(of: folder)
    let categories: [DatasetCategory] =
      switch kind {
      case .mvtec:
        try MVTecLayout.read(folder, categories: options.categories)
      case .folders: [try FoldersLayout.read(folder, name: name)]
      case .npy: [try NPYLayout.read(folder, name: name)]
      case .npz: [try NPZLayout.read(url, name: name)]
      case .idx:
        try IDXLayout(folder, name: name, options: options).categories()
      case .csv:
        [
          try CSVLayout.read(
            url, name: name, idColumn: options.idColumn,
            labelColumn: options.labelColumn)
        ]
      }
    self.init(name: name, kind: kind, categories: categories)
    if kind != .mvtec { try select(options.categories, path: url.path) }
    try label(from: options.labels, beside: folder)
  }

  /// The layout of what is at a path.
  ///
  /// - Throws: `FileFault.unreadable`; `DatasetFault.unrecognizedLayout`.
  private static func kind(of folder: Folder) throws -> DatasetKind {
    guard folder.exists else {
      switch folder.url.pathExtension.lowercased() {
      case "npz": return .npz
      case "csv": return .csv
      default:
        guard folder.url.isReachable else {
          throw FileFault.unreadable(
            path: folder.url.path, reason: "no such file or folder")
        }
        throw DatasetFault.unrecognizedLayout(path: folder.url.path)
      }
    }
    let names = try folder.names()
    if names.contains(NPYLayout.trainName)
      || names.contains(NPYLayout.testName)
    {
      return .npy
    }
    if IDXLayout.matches(names) { return .idx }
    if MVTecLayout.isCategory(folder) { return .mvtec }
    if folder["train"].exists || folder["test"].exists { return .folders }
    if try folder.folders().contains(where: MVTecLayout.isCategory) {
      return .mvtec
    }
    throw DatasetFault.unrecognizedLayout(path: folder.url.path)
  }

  /// Keeps only the categories with these names, unless there are none.
  private mutating func select(_ names: [String], path: String) throws {
    guard !names.isEmpty else { return }
    let known = categories.map(\.name)
    for name in names where !known.contains(name) {
      throw DatasetFault.unknownCategory(path: path, name: name, known: known)
    }
    categories.removeAll { !names.contains($0.name) }
  }

  /// Takes the test labels from the given file, or from `labels.csv` beside
  /// the data when the layout does not tell them.
  private mutating func label(from url: URL?, beside folder: Folder) throws {
    let isUnlabelled = categories.contains { $0.test.labels == nil }
    let beside = folder["labels.csv"].url
    guard
      let url = url ?? (isUnlabelled && beside.isReachable ? beside : nil)
    else { return }
    let table = try LabelTable(url)
    var samples = categories.flatMap(\.test.samples)
    try table.label(&samples)
    for index in categories.indices {
      let count = categories[index].test.count
      categories[index].test.samples = Array(samples.prefix(count))
      samples.removeFirst(count)
      if categories[index].isTransductive {
        categories[index].train = categories[index].test
      }
    }
  }
}

extension Dataset {
  /// All categories in one.
  ///
  /// - Throws: `DatasetFault.unusableOption` when several categories are not
  ///   made of image files, as those of IDX files, which share their images.
  public func pooled() throws -> DatasetCategory {
    if categories.count == 1 { return categories[0] }
    func pooled(_ sets: [SampleSet]) throws -> SampleSet {
      for set in sets {
        guard case .imageFiles = set.content else {
          throw DatasetFault.unusableOption(
            name: "pool", problem: "the categories share their samples",
            remedy: "name the normal labels instead")
        }
      }
      return SampleSet(
        samples: sets.flatMap(\.samples), content: .imageFiles)
    }
    return DatasetCategory(
      name: name, train: try pooled(categories.map(\.train)),
      test: try pooled(categories.map(\.test)))
  }
}
