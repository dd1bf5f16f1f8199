# Statistics of rivals from the R package surveillance, one CSV of counts in, one CSV a method out.
# Rscript rivals.R COUNTS RANGES OUT METHODS
#   COUNTS  a row a series, a column a week, no header
#   RANGES  first and last column to watch of each series, counted from 1
#   OUT     folder; METHOD.csv holds a row a series, NA outside its range
suppressMessages(library(surveillance))
words <- commandArgs(trailingOnly = TRUE)
counts <- as.matrix(read.csv(words[1], header = FALSE))
ranges <- as.matrix(read.csv(words[2], header = FALSE))
methods <- strsplit(words[4], ",")[[1]]

ears <- function(series, range, method) {
  bound <- function(alpha) {
    control <- list(range = range, method = method, alpha = alpha)
    as.vector(upperbound(earsC(series, control = control)))
  }
  low <- bound(0.1); high <- bound(0.001)
  spread <- (high - low) / (qnorm(0.999) - qnorm(0.9))
  mean <- low - qnorm(0.9) * spread
  (as.vector(observed(series))[range] - mean) / pmax(spread, 0.5)
}

statistic <- list(
  C1 = function(series, range) ears(series, range, "C1"),
  C2 = function(series, range) ears(series, range, "C2"),
  farrington = function(series, range) {
    control <- list(
      range = range, b = 2, w = 3, noPeriods = 10, pastWeeksNotIncluded = 26,
      thresholdMethod = "nbPlugin", limit54 = c(0, 4), glmWarnings = FALSE, verbose = FALSE
    )
    found <- suppressWarnings(farringtonFlexible(series, control = control))
    -log10(pmax(as.vector(control(found)$pvalue), 1e-300))
  },
  glrnb = function(series, range) {
    control <- list(
      range = range, c.ARL = 1e9, mu0 = NULL, alpha = NULL, M = 26, Mtilde = 1,
      change = "intercept", dir = "inc", ret = "value"
    )
    as.vector(upperbound(suppressWarnings(glrnb(series, control = control))))
  }
)

for (method in methods) {
  out <- matrix(NA_real_, nrow(counts), ncol(counts))
  for (row in seq_len(nrow(counts))) {
    range <- ranges[row, 1]:ranges[row, 2]
    series <- sts(observed = counts[row, ], start = c(2020, 1), frequency = 52)
    value <- tryCatch(statistic[[method]](series, range), error = function(e) NA_real_)
    out[row, range] <- value
  }
  write.table(out, file.path(words[3], paste0(method, ".csv")),
    sep = ",", row.names = FALSE, col.names = FALSE)
}
