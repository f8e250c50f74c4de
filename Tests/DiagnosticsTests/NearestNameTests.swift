import Diagnostics
import Testing

@Suite struct NearestNameTests {
  @Test(
    "What was most likely meant is found, and nothing else",
    arguments: [
      ("PCA", "pca"), ("sumbit", "submit"), ("k-means", "kmeans"),
      ("Local_PCA", "local-pca"), ("ocsm", "ocsvm"), ("tarot", nil), ("", nil),
    ])
  func names(word: String, meant: String?) {
    let names = ["ocsvm", "kmeans", "pca", "local-pca", "submit", "compare"]
    #expect(nearest(word, among: names) == meant)
  }
}
