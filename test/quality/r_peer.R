# The peers in R: ranger and randomForest, with their own defaults (500 trees).
#
#	Rscript r_peer.R FOLDER OUTPUT PACKAGES...
#
# Reads every data set of the folder (CSV, the metric is y), writes one line of CSV for each data set, contestant
# and parameter: dataset,contestant,parameter,importance,p_value. One process serves many data sets.
arguments <- commandArgs(TRUE)
packages <- arguments[-(1:2)]
for (package in packages) suppressMessages(library(package, character.only = TRUE))
output <- file(arguments[2], "w")

answer <- function(dataset, contestant, parameters, importance, p = NA) {
  p <- rep_len(p, length(importance))
  cat(sprintf("%s,%s,%s,%.17g,%s\n", dataset, contestant, parameters, importance,
              ifelse(is.na(p), "", sprintf("%.17g", p))), file = output, sep = "")
}

with_ranger <- function(dataset, runs, seed) {
  for (kind in c("impurity", "permutation", "impurity_corrected")) {
    forest <- ranger(y ~ ., data = runs, importance = kind, seed = seed, num.threads = 1)
    p <- NA
    # Janitza's test mirrors the negative importances: where there are none it has no answer
    if (kind == "impurity_corrected")
      p <- tryCatch(suppressWarnings(importance_pvalues(forest, method = "janitza")[, "pvalue"]),
                    error = function(e) NA)
    answer(dataset, paste("ranger", kind), names(forest$variable.importance), forest$variable.importance, p)
  }
}

with_randomForest <- function(dataset, runs, seed) {
  set.seed(seed)
  forest <- randomForest(y ~ ., data = runs, importance = TRUE)
  scaled <- importance(forest, type = 1, scale = TRUE)[, 1]
  raw <- importance(forest, type = 1, scale = FALSE)[, 1]
  # what its users do with the scaled one, which is a mean divided by its standard error over trees
  answer(dataset, "randomForest %IncMSE scaled", names(scaled), scaled, pnorm(scaled, lower.tail = FALSE))
  answer(dataset, "randomForest %IncMSE unscaled", names(raw), raw)
}

files <- sort(list.files(arguments[1], pattern = "[.]csv$"))
for (i in seq_along(files)) {
  runs <- read.csv(file.path(arguments[1], files[i]), stringsAsFactors = TRUE)
  dataset <- sub("[.]csv$", "", files[i])
  for (package in packages) get(paste0("with_", package))(dataset, runs, i)
}
close(output)
