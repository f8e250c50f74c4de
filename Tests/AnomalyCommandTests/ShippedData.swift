import TestSupport

let inspection = Repository.inspection.path
let fashionMNIST = Repository.fashionMNIST.path
