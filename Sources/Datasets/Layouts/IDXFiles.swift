import Files
import Foundation

/// The files of one MNIST-style set: of MNIST, Fashion-MNIST and KMNIST, with
/// names before them as EMNIST and QMNIST have, in a folder `raw` or in folders
/// of their own names; or tables of labels and pixels.
struct IDXFiles {
  enum Part: Hashable {
    case trainImages
    case trainLabels
    case testImages
    case testLabels
    /// Labels and pixels in one.
    case trainTable
    case testTable
  }

  let folder: Folder
  private(set) var urls: [Part: URL] = [:]
  /// The names before those of MNIST, where there are several sets.
  private(set) var sets: [String] = []

  subscript(part: Part) -> URL? { urls[part] }

  /// - Parameter place: A folder, or one file of the set that is meant.
  /// - Throws: `FileFault.unreadable`.
  init?(at place: Folder) throws {
    if !place.exists {
      guard
        place.url.isReachable, let (set, part) = Self.part(place.name),
        part != .trainTable, part != .testTable
      else { return nil }
      folder = Folder(url: place.url.deletingLastPathComponent())
      urls = try Self.sets(in: folder)[set] ?? [:]
      return
    }
    for folder in [place, place["raw"]] where folder.exists {
      let sets = try Self.sets(in: folder).filter { _, urls in
        [.trainImages, .testImages].contains { urls[$0] != nil }
          || [.trainTable, .testTable].allSatisfy { urls[$0] != nil }
      }
      guard let first = sets.keys.min() else { continue }
      self.folder = folder
      urls = sets[first] ?? [:]
      if sets.count > 1 { self.sets = sets.keys.sorted() }
      return
    }
    return nil
  }

  /// The files of each set by the name before the usual ones.
  private static func sets(in folder: Folder) throws -> [String: [Part: URL]] {
    var sets: [String: [Part: URL]] = [:]
    for name in try folder.names() {
      guard let (set, part) = part(name), sets[set]?[part] == nil else {
        continue
      }
      var url = folder[name].url
      if url.isFolder {
        // Kaggle unpacks each file into a folder of its name.
        let inner = try folder[name].names().first { Self.part($0) != nil }
        guard let inner else { continue }
        url = folder[name][inner].url
        guard !url.isFolder else { continue }
      }
      sets[set, default: [:]][part] = url
    }
    return sets
  }

  /// The set and the part that a name stands for.
  private static func part(_ name: String) -> (set: String, Part)? {
    let name = name.lowercased()
    let words: [(String, Part)] = [
      ("train-images", .trainImages), ("train-labels", .trainLabels),
      ("t10k-images", .testImages), ("t10k-labels", .testLabels),
      ("test-images", .testImages), ("test-labels", .testLabels),
    ]
    for (word, part) in words {
      guard let range = name.range(of: word) else { continue }
      let rest = name[range.upperBound...]
      guard
        [".csv", ".tsv", ".tsv.gz", ".txt", ".png", ".npy", ".npz"]
          .allSatisfy({ !rest.hasSuffix($0) })
      else { return nil }
      return (String(name[..<range.lowerBound]), part)
    }
    guard name.contains("mnist") else { return nil }
    for (word, part) in [("train", Part.trainTable), ("test", .testTable)] {
      for ending in [".csv", ".csv.gz"] where name.hasSuffix(word + ending) {
        return (String(name.dropLast(word.count + ending.count)), part)
      }
    }
    return nil
  }
}
